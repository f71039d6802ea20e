-- Answers: nothing; bounds every wait of an administrator's transaction, and makes times
-- come in the form that is read here, whatever the database prefers.
-- SET LOCAL in the form that takes parameters. An arming that was confirmed is on disk.
-- Privileges: none. Oldest server: 13.
SELECT
    set_config('statement_timeout', %(statement_timeout)s, TRUE),
    set_config('lock_timeout', %(lock_timeout)s, TRUE),
    set_config('search_path', 'pg_catalog, pg_temp', TRUE),
    set_config('row_security', 'off', TRUE),
    set_config('DateStyle', 'ISO, YMD', TRUE),
    set_config('TimeZone', 'UTC', TRUE),
    set_config('synchronous_commit', 'on', TRUE)
