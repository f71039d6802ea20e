-- Answers: when did a job last succeed? What another job of the same name did is not
-- its success; rows of older releases do not tell them apart.
-- Privileges: SELECT on the ledger. Oldest server: 13.
SELECT max(r.finished_at) AS at
FROM
    sequence_agent.job_run AS r
WHERE
    r.job = %(job)s
    AND r.job_sha256 IN (%(job_sha256)s, '')
    AND r.status = 'succeeded'
