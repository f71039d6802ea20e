-- Answers: how many old rows of the ledger were deleted? What is kept, prune_runs() says.
-- Privileges: EXECUTE on the function, which `arm --grant` gives. Oldest server: 13.
SELECT sequence_agent.prune_runs() AS rows
