-- Answers: which line of history do values belong to, of which cluster and timeline?
-- A standby follows a line of its own, as far as values go: it reads ahead.
-- Privileges: none by default. Oldest server: 13.
SELECT
    (SELECT c.system_identifier FROM pg_control_system() AS c)
        || CASE
            WHEN pg_is_in_recovery() THEN '/standby'
            ELSE '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
        END AS line
