-- Answers: nothing; says that a claimed run goes on, while no transaction of it is open.
-- Privileges: UPDATE and SELECT on the ledger. Oldest server: 13.
UPDATE sequence_agent.job_run AS r
SET
    seen_at = clock_timestamp()
WHERE
    r.run_id = %(run_id)s
    AND r.status = 'claimed'
