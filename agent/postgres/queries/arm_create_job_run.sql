-- Makes the ledger. Its unique key is what makes one effect of one tick, however many
-- agents see it. claimed_at is when the row was written, also where nothing was claimed.
-- Privileges: CREATE on the schema. Oldest server: 13 (xid8, gen_random_uuid).
CREATE TABLE sequence_agent.job_run (
    run_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job text NOT NULL,
    trigger text NOT NULL CHECK (trigger = 'schedule' OR trigger LIKE 'hand:_%'),
    scheduled_for timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'claimed' CHECK (
        status IN (
            'claimed', 'succeeded', 'failed', 'refused', 'skipped', 'missed', 'lost'
        )
    ),
    reason text,
    plan_sha256 text,
    before jsonb,
    after jsonb,
    agent text NOT NULL,
    backend_pid integer,
    backend_start timestamptz,
    xid xid8,
    attempts integer NOT NULL DEFAULT 0,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    UNIQUE (job, trigger, scheduled_for)
)
