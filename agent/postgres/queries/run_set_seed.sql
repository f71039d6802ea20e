-- Answers: nothing; lays a seed file ready, and the search path that it was written for.
-- Privileges: none. Oldest server: 13.
SELECT
    set_config('sequence_agent.seed', %(seed)s, TRUE),
    set_config('search_path', %(search_path)s, TRUE)
