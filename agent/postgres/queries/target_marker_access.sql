-- Answers: is there a marker, as a table, and may we read it, and keep others from it?
-- Asked of the catalog: naming a table that is not there would be an error.
-- Privileges: none. Oldest server: 13.
SELECT
    n.oid IS NOT NULL AS schema_exists,
    c.oid IS NOT NULL AS table_exists,
    coalesce(has_schema_privilege(n.oid, 'USAGE'), FALSE)
        AND coalesce(has_table_privilege(c.oid, 'SELECT'), FALSE) AS readable,
    coalesce(has_function_privilege(p.oid, 'EXECUTE'), FALSE) AS holdable
FROM
    (SELECT 1) AS one
    LEFT JOIN pg_namespace AS n ON n.nspname = 'sequence_agent'
    LEFT JOIN pg_class AS c
        ON c.relnamespace = n.oid AND c.relname = 'environment' AND c.relkind = 'r'
    LEFT JOIN pg_proc AS p
        ON p.pronamespace = n.oid AND p.proname = 'hold_marker' AND p.pronargs = 0
