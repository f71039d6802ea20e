-- Lets each tick belong to what a job is (job_sha256) and not to its name alone, and lets
-- a run say that it goes on (seen_at), whichever backend it has. Rows of before have ''.
-- Trigger 'early:...' is what becomes of a row that was written before its time.
-- Privileges: the owner's. Oldest server: 13.
ALTER TABLE sequence_agent.job_run
    ADD COLUMN job_sha256 text NOT NULL DEFAULT '',
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    DROP CONSTRAINT job_run_job_trigger_scheduled_for_key,
    DROP CONSTRAINT job_run_trigger_check,
    ADD CONSTRAINT job_run_tick_key UNIQUE (job, job_sha256, trigger, scheduled_for),
    ADD CONSTRAINT job_run_trigger_check CHECK (
        trigger = 'schedule' OR trigger LIKE 'hand:_%' OR trigger LIKE 'early:_%'
    )
