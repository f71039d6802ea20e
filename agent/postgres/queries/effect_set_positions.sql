-- Answers: nothing; lets sequences stand at values, as if these were the last to be given.
-- Not undone by a rollback, unless this transaction has given the sequence a new file.
-- Privileges: UPDATE on the sequence. Oldest server: 13.
SELECT pg_catalog.setval(wanted.oid, wanted.value, TRUE) AS value
FROM
    unnest(%(oids)s::pg_catalog.oid [], %(values)s::pg_catalog.int8 []) AS wanted (oid, value)
