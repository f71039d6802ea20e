-- Answers: nothing; bounds the whole transaction of a run.
-- Privileges: none. Oldest server: 17.
SELECT pg_catalog.set_config('transaction_timeout', %(transaction_timeout)s, TRUE)
