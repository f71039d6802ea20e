-- Answers: what did an administrator say of this database?
-- A time that no calendar knows (infinity) comes out as none. ONLY, for whoever may
-- make a table that inherits from this one could add rows to it.
-- Privileges: SELECT on sequence_agent.environment. Oldest server: 13.
SELECT
    m.environment::text AS environment,
    m.protected,
    m.system_identifier::text::bigint AS system_identifier,
    m.database_oid::text::bigint AS database_oid,
    m.database_name::text AS database_name,
    CASE
        WHEN m.armed_until BETWEEN '0001-01-02 00:00+00' AND '9999-12-30 00:00+00'
            THEN m.armed_until
    END AS armed_until,
    m.armed_by::text AS armed_by,
    CASE
        WHEN m.armed_at BETWEEN '0001-01-02 00:00+00' AND '9999-12-30 00:00+00'
            THEN m.armed_at
    END AS armed_at
FROM
    ONLY sequence_agent.environment AS m
LIMIT 2
