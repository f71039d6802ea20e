-- Answers: which tables are there, what is thought to be in each, and what may we do?
-- Sizes are those of the last VACUUM or ANALYZE: the true ones would need a lock on
-- every table. Views are listed to tell them from tables that are missing.
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
SELECT
    c.oid,
    n.nspname AS schema,
    c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted,
    c.relkind::text AS kind,
    c.relpersistence = 't' AS temporary,
    c.relispartition AS partition,
    e.extname AS extension,
    -- Before 14 a table that was never looked at has 0 pages and 0 rows.
    CASE
        WHEN
            c.reltuples = 0
            AND c.relpages = 0
            AND current_setting('server_version_num')::integer < 140000
            THEN -1
        ELSE c.reltuples::bigint
    END AS rows_estimated,
    c.relpages::bigint * current_setting('block_size')::bigint AS bytes_estimated,
    has_schema_privilege(n.oid, 'USAGE')
        AND coalesce(has_table_privilege(c.oid, 'TRUNCATE'), FALSE) AS truncatable,
    has_schema_privilege(n.oid, 'USAGE')
        AND coalesce(has_table_privilege(c.oid, 'SELECT'), FALSE) AS readable
FROM
    pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend AS d
        ON
            d.classid = 'pg_class'::regclass
            AND d.objid = c.oid
            AND d.objsubid = 0
            AND d.refclassid = 'pg_extension'::regclass
            AND d.deptype = 'e'
    LEFT JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE
    c.relkind IN ('r', 'p', 'f', 'v', 'm')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY
    n.nspname,
    c.relname
