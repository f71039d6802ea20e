-- Answers: by which type are arrays of the rows of these tables known?
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
SELECT
    c.oid,
    t.typarray AS array_type
FROM
    pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_type AS t ON t.oid = c.reltype
WHERE
    c.oid = ANY(%(oids)s::pg_catalog.oid [])
