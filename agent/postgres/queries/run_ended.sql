-- Answers: nothing; says how a claimed tick ended that had no effect.
-- Privileges: UPDATE and SELECT on the ledger. Oldest server: 13.
UPDATE sequence_agent.job_run AS r
SET
    status = %(status)s,
    reason = %(reason)s,
    plan_sha256 = %(plan_sha256)s,
    attempts = %(attempts)s,
    started_at = clock_timestamp() - make_interval(secs => %(seconds)s),
    finished_at = clock_timestamp()
WHERE
    r.run_id = %(run_id)s
    AND r.status = 'claimed'
