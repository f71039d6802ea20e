-- Answers: which is the newest tick of a job's schedule that anybody had? Ticks that are
-- still to come, and rows that were written before their time, are not believed; rows of
-- older releases do not say of which job they are.
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
    AND r.job_sha256 IN (%(job_sha256)s, '')
    AND r.trigger = 'schedule'
    AND r.scheduled_for <= clock_timestamp()
    AND r.claimed_at >= r.scheduled_for
ORDER BY
    r.scheduled_for DESC
LIMIT 1
