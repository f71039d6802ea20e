-- Answers: nothing; writes down a tick that came to nothing, unless somebody has it. What
-- is still to come by the server's clock is not written down.
-- Privileges: INSERT and SELECT on the ledger. Oldest server: 13.
INSERT INTO sequence_agent.job_run (
    job,
    job_sha256,
    trigger,
    scheduled_for,
    status,
    reason,
    agent,
    before,
    finished_at
)
SELECT
    %(job)s,
    %(job_sha256)s,
    %(trigger)s,
    %(scheduled_for)s,
    %(status)s,
    %(reason)s,
    %(agent)s,
    %(schedule)s::jsonb,
    clock_timestamp()
WHERE
    %(scheduled_for)s::timestamptz <= clock_timestamp()
ON CONFLICT (job, job_sha256, trigger, scheduled_for) DO NOTHING
