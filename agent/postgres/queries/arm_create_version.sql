-- Makes the table that tells which layout the schema has, so that later releases can
-- bring it up to theirs.
-- Privileges: CREATE on the schema. Oldest server: 13.
CREATE TABLE sequence_agent.version (
    singleton boolean PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    number integer NOT NULL,
    reached_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
