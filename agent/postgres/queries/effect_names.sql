-- Answers: nothing; fails where a name does not lead to the oid that is meant by it.
-- The error tells in numbers "meant>reached", 0 for nothing: words, and the marks around
-- them, are in the server's language. What is sent right behind is not run then.
-- Privileges: none. Oldest server: 13.
SELECT
    CASE
        WHEN pg_catalog.count(*) = 0 THEN 0
        ELSE pg_catalog.string_agg(
            meant.oid || '>' || coalesce(c.oid, 0), ',' ORDER BY meant.oid
        )::integer
    END AS moved
FROM
    unnest(
        %(oids)s::pg_catalog.oid [], %(schemas)s::pg_catalog.text [], %(names)s::pg_catalog.text []
    ) AS meant (oid, schema, name)
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = meant.schema
    LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = meant.name
WHERE
    c.oid IS DISTINCT FROM meant.oid
