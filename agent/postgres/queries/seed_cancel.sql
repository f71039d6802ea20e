-- Answers: nothing; cancels what a transaction waits for a lock with.
-- Privileges: the role of that backend. Oldest server: 13.
SELECT pg_catalog.pg_cancel_backend(l.pid) AS cancelled
FROM
    pg_catalog.pg_locks AS l
WHERE
    l.pid OPERATOR(pg_catalog.=) %(pid)s
    AND l.virtualtransaction OPERATOR(pg_catalog.=) %(transaction)s
    AND NOT l.granted
LIMIT 1
