-- Answers: which server is this, which database, is it a standby, and as whom are we here?
-- The line is what can be told of it without the functions that line.sql calls; whether
-- those may be called is asked first, for a refusal is an error in the server's log.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.current_database()::text AS datname,
    pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) AS version,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    pg_catalog.quote_ident(CURRENT_USER) AS role,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS line,
    (
        SELECT coalesce(pg_catalog.bool_and(pg_catalog.has_function_privilege(f.oid, 'EXECUTE')), FALSE)
        FROM
            pg_catalog.unnest(ARRAY[
                pg_catalog.to_regprocedure('pg_catalog.pg_control_system()'),
                pg_catalog.to_regprocedure('pg_catalog.pg_current_wal_lsn()'),
                pg_catalog.to_regprocedure('pg_catalog.pg_walfile_name(pg_catalog.pg_lsn)')
            ]) AS f (oid)
    ) AS may_tell_line
