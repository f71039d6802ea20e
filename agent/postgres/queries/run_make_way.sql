-- Answers: nothing; takes rows that were written before their time, by an agent whose
-- clock was ahead, out of the way of the tick whose time has come. They stay in the
-- ledger under a trigger of their own.
-- Privileges: UPDATE and SELECT on the ledger. Oldest server: 13.
UPDATE sequence_agent.job_run AS r
SET
    trigger = 'early:' || r.run_id
WHERE
    r.job = %(job)s
    AND r.job_sha256 = %(job_sha256)s
    AND r.trigger = 'schedule'
    AND r.scheduled_for = %(scheduled_for)s
    AND r.claimed_at < r.scheduled_for
    AND r.status <> 'claimed'
