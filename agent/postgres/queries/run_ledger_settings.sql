-- Answers: nothing; bounds every wait of a short transaction on the ledger. It need not
-- wait for a standby: what a run does is written after it, and never overtakes it.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.set_config('statement_timeout', %(timeout)s, TRUE),
    pg_catalog.set_config('lock_timeout', %(timeout)s, TRUE),
    pg_catalog.set_config('synchronous_commit', 'local', TRUE)
