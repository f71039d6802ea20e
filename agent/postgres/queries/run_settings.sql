-- Answers: nothing; bounds the transaction of a run, on the server's side too. What was
-- confirmed is on disk, and on standbys as far as the server wants that.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.set_config('statement_timeout', %(statement_timeout)s, TRUE),
    pg_catalog.set_config('lock_timeout', %(lock_timeout)s, TRUE),
    pg_catalog.set_config('idle_in_transaction_session_timeout', %(idle_timeout)s, TRUE),
    CASE
        WHEN pg_catalog.current_setting('synchronous_commit') = 'off'
            THEN pg_catalog.set_config('synchronous_commit', 'on', TRUE)
    END
