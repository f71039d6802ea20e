-- Answers: what the statement answers that is given as a value, one JSON object for each
-- row, as %(statement)s has to make them.
-- For statements whose text would change from round to round, as names come and go: each
-- text is an entry of pg_stat_statements, which pushes out those of others. ts_stat is
-- the function that runs a text in every build, in a transaction that only reads too,
-- and runs it once.
-- Privileges: those of the statement. Oldest server: 13.
SELECT s.word AS answer
FROM
    pg_catalog.ts_stat(%(statement)s) AS s
