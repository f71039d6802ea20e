-- Answers: which columns, of tables, partitions and views, take values from which
-- sequence, and by what expression? Begins with links.sql.
-- Takes no lock on any table. Privileges: none. Oldest server: 13.

SELECT
    fed.sequence_oid,
    fed.table_oid,
    fed.attname AS column,
    fed.link,
    fed.identity,
    CASE
        WHEN fed.base_namespace = 'pg_catalog'::regnamespace THEN fed.base_name::text
        ELSE format('%s.%s', n.nspname, fed.base_name)
    END AS base_type,
    fed.tree,
    fed.called_oids
FROM
    fed
    INNER JOIN pg_namespace AS n ON n.oid = fed.base_namespace
ORDER BY
    fed.sequence_oid,
    fed.table_oid,
    fed.attname
