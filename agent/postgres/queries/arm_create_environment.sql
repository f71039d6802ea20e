-- Makes the table of the marker, which has one row at most.
-- protected is for an administrator to set by hand: nothing arms or resets then.
-- Privileges: CREATE on the schema. Oldest server: 13.
CREATE TABLE sequence_agent.environment (
    singleton boolean PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    environment text NOT NULL CHECK (environment <> ''),
    protected boolean NOT NULL DEFAULT FALSE,
    system_identifier bigint NOT NULL,
    database_oid oid NOT NULL,
    database_name name NOT NULL,
    armed_until timestamptz NOT NULL,
    armed_by text NOT NULL,
    armed_at timestamptz NOT NULL
)
