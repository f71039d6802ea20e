-- Answers: which constraints are deferred unless somebody says otherwise? Without those
-- that cannot be named alone, since a namesake cannot be deferred.
-- Privileges: none. Oldest server: 13.
SELECT DISTINCT
    n.nspname AS schema,
    c.conname AS name
FROM
    pg_catalog.pg_constraint AS c
    JOIN pg_catalog.pg_namespace AS n
        ON n.oid OPERATOR(pg_catalog.=) c.connamespace
WHERE
    c.condeferred
    AND NOT EXISTS (
        SELECT
        FROM
            pg_catalog.pg_constraint AS o
        WHERE
            o.connamespace OPERATOR(pg_catalog.=) c.connamespace
            AND o.conname OPERATOR(pg_catalog.=) c.conname
            AND NOT o.condeferrable
    )
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
ORDER BY
    schema,
    name
