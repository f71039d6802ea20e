-- Answers: nothing; keeps triggers, defaults and columns of the ledger as they are to the
-- end of the transaction, so that what is found of them now stays true.
-- Privileges: INSERT or UPDATE on the ledger. Oldest server: 13.
LOCK TABLE sequence_agent.job_run IN ROW EXCLUSIVE MODE
