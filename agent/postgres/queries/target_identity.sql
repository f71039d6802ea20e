-- Answers: which cluster is this? A logical copy of it has another number.
-- Privileges: EXECUTE on pg_control_system(), which everybody has by default.
-- Oldest server: 13.
SELECT
    c.system_identifier
FROM
    pg_control_system() AS c
