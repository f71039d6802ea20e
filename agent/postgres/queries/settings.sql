-- Answers: nothing; bounds every wait of the transaction it runs in.
-- SET LOCAL in the form that takes parameters.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.set_config('statement_timeout', %(statement_timeout)s, TRUE),
    pg_catalog.set_config('lock_timeout', %(lock_timeout)s, TRUE)
