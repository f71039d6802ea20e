-- Answers: what became of a run whose COMMIT had no answer? No row while its transaction
-- is open, for that has the row locked. The transaction's number would not do: after a
-- crash it may belong to another transaction, or lie ahead.
-- Privileges: SELECT and UPDATE on the ledger. Oldest server: 13.
SELECT r.status
FROM
    sequence_agent.job_run AS r
WHERE
    r.run_id = %(run_id)s
FOR UPDATE SKIP LOCKED
