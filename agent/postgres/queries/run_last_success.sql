-- Answers: when did a job last succeed?
-- Privileges: SELECT on the ledger. Oldest server: 13.
SELECT max(r.finished_at) AS at
FROM
    sequence_agent.job_run AS r
WHERE
    r.job = %(job)s
    AND r.status = 'succeeded'
