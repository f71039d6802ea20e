-- Answers: which layout does the schema sequence_agent have?
-- Privileges: SELECT on sequence_agent.version. Oldest server: 13.
SELECT
    v.number
FROM
    sequence_agent.version AS v
