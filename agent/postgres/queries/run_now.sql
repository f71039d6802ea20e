-- Answers: what does the server's clock show?
-- Privileges: none. Oldest server: 13.
SELECT pg_catalog.clock_timestamp() AS at
