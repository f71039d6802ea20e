-- Answers: under which names, and in which files, are these relations by now?
-- TRUNCATE and ALTER SEQUENCE give a relation another file; setval does not.
-- Privileges: none. Oldest server: 13.
SELECT
    c.oid,
    n.nspname || '.' || c.relname AS qualified,
    c.relfilenode AS filenode
FROM
    pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    c.oid = ANY(%(oids)s::pg_catalog.oid [])
