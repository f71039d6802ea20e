-- Answers: nothing; writes down a tick that came to nothing, unless somebody has it.
-- Privileges: INSERT and SELECT on the ledger. Oldest server: 13.
INSERT INTO sequence_agent.job_run (
    job,
    trigger,
    scheduled_for,
    status,
    reason,
    agent,
    before,
    finished_at
)
VALUES (
    %(job)s,
    %(trigger)s,
    %(scheduled_for)s,
    %(status)s,
    %(reason)s,
    %(agent)s,
    %(schedule)s,
    clock_timestamp()
)
ON CONFLICT (job, trigger, scheduled_for) DO NOTHING
