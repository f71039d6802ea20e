-- Answers: nothing; bounds one statement that waits for locks, and each of its waits.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.set_config('statement_timeout', %(statement_timeout)s, TRUE),
    pg_catalog.set_config('lock_timeout', %(lock_timeout)s, TRUE)
