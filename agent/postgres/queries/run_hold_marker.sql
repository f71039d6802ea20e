-- Answers: nothing; holds the marker to the end of the transaction.
-- Privileges: EXECUTE on the function, which `arm --grant` gives. Oldest server: 13.
SELECT count(*) AS rows FROM sequence_agent.hold_marker()
