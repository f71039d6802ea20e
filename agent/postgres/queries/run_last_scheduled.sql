-- Answers: which is the newest tick of a job's schedule that anybody had?
-- Privileges: SELECT on the ledger. Oldest server: 13.
SELECT
    r.run_id,
    r.job,
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
    AND r.trigger = 'schedule'
ORDER BY
    r.scheduled_for DESC
LIMIT 1
