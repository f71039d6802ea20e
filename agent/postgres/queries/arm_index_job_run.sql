-- Lets the claimed runs be found at once, however long the ledger is.
-- Privileges: the owner's. Oldest server: 13.
CREATE INDEX job_run_claimed ON sequence_agent.job_run (claimed_at) WHERE status = 'claimed'
