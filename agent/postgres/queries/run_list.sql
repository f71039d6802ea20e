-- Answers: what became of the newest ticks of a job?
-- Privileges: SELECT on the ledger. Oldest server: 13.
SELECT
    r.run_id,
    r.job,
    r.job_sha256,
    r.trigger,
    r.scheduled_for,
    r.status,
    r.reason,
    r.plan_sha256,
    r.before,
    r.after,
    r.agent,
    r.claimed_at,
    r.started_at,
    r.finished_at,
    r.attempts
FROM
    sequence_agent.job_run AS r
WHERE
    r.job = %(job)s
ORDER BY
    r.claimed_at DESC,
    r.scheduled_for DESC
LIMIT %(limit)s
