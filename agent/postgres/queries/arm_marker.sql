-- Answers: what does the marker say? No row: nobody has ever armed this database.
-- Somebody may have set armed_until by hand to what is no date in Python: that must not
-- keep anybody from disarming.
-- Privileges: SELECT on sequence_agent.environment. Oldest server: 13.
SELECT
    e.environment,
    e.protected,
    e.system_identifier,
    e.database_oid,
    e.database_name,
    greatest(least(e.armed_until, '9999-12-30Z'), '0002-01-01Z') AS armed_until,
    e.armed_by,
    e.armed_at
FROM
    sequence_agent.environment AS e
