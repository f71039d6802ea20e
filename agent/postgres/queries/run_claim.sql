-- Answers: is this tick ours? Its row is written once, whoever comes first.
-- The backend is kept, so that a claim whose backend is gone is known to be lost.
-- Privileges: INSERT and SELECT on the ledger. Oldest server: 13.
INSERT INTO sequence_agent.job_run (
    job,
    trigger,
    scheduled_for,
    agent,
    before,
    backend_pid,
    backend_start
)
SELECT
    %(job)s,
    %(trigger)s,
    %(scheduled_for)s,
    %(agent)s,
    %(schedule)s,
    pg_backend_pid(),
    (SELECT a.backend_start FROM pg_stat_get_activity(pg_backend_pid()) AS a)
ON CONFLICT (job, trigger, scheduled_for) DO NOTHING
RETURNING run_id
