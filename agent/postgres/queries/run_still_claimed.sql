-- Answers: is the tick still claimed? If so nobody else can end it before we do.
-- Privileges: SELECT and UPDATE on the ledger. Oldest server: 13.
SELECT r.status = 'claimed' AS yes
FROM
    sequence_agent.job_run AS r
WHERE
    r.run_id = %(run_id)s
FOR UPDATE
