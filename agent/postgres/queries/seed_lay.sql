-- Answers: nothing; lays ready what is run next.
-- Privileges: none. Oldest server: 13.
SELECT pg_catalog.set_config('sequence_agent.seed', %(text)s, TRUE) AS text
