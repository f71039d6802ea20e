-- Answers: what became of a COMMIT whose answer was lost?
-- Privileges: SELECT on the ledger. Oldest server: 13.
SELECT
    r.status,
    pg_xact_status(%(xid)s::xid8) AS transaction
FROM
    sequence_agent.job_run AS r
WHERE
    r.run_id = %(run_id)s
