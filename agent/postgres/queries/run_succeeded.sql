-- Answers: nothing; says that the tick is done, unless somebody has ended it.
-- In the same transaction as the work, so that both are there or neither.
-- Privileges: UPDATE and SELECT on the ledger. Oldest server: 13.
UPDATE sequence_agent.job_run AS r
SET
    status = 'succeeded',
    plan_sha256 = %(plan_sha256)s,
    before = coalesce(r.before, '{}') || %(before)s,
    after = %(after)s,
    attempts = %(attempts)s,
    started_at = transaction_timestamp(),
    finished_at = clock_timestamp(),
    xid = pg_current_xact_id()
WHERE
    r.run_id = %(run_id)s
    AND r.status = 'claimed'
