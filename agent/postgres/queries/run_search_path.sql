-- Answers: which search path has a session of ours in this database?
-- Privileges: none. Oldest server: 13.
SELECT pg_catalog.current_setting('search_path') AS search_path
