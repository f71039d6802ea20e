-- Answers: nothing; bounds the whole transaction of a run.
-- Privileges: none. Oldest server: 17.
SELECT set_config('transaction_timeout', %(transaction_timeout)s, TRUE)
