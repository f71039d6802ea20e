-- Answers: nothing; bounds the transaction of a run, on the server's side too.
-- Privileges: none. Oldest server: 13.
SELECT
    set_config('statement_timeout', %(statement_timeout)s, TRUE),
    set_config('lock_timeout', %(lock_timeout)s, TRUE),
    set_config('idle_in_transaction_session_timeout', %(idle_timeout)s, TRUE),
    set_config('search_path', 'pg_catalog', TRUE),
    set_config('row_security', 'off', TRUE),
    set_config('jit', 'off', TRUE)
