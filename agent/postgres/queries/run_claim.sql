-- Answers: is this tick ours? Its row is written once, whoever comes first. A tick of a
-- schedule is nobody's before its time, which is the server's.
-- Privileges: INSERT and SELECT on the ledger. Oldest server: 13.
INSERT INTO sequence_agent.job_run (
    job,
    job_sha256,
    trigger,
    scheduled_for,
    agent,
    before,
    backend_pid,
    backend_start
)
SELECT
    %(job)s,
    %(job_sha256)s,
    %(trigger)s,
    CASE %(trigger)s::text
        WHEN 'schedule' THEN %(scheduled_for)s::timestamptz
        ELSE clock_timestamp()
    END,
    %(agent)s,
    %(schedule)s::jsonb,
    pg_backend_pid(),
    (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a)
WHERE
    %(trigger)s::text <> 'schedule'
    OR %(scheduled_for)s::timestamptz <= clock_timestamp()
ON CONFLICT (job, job_sha256, trigger, scheduled_for) DO NOTHING
RETURNING run_id
