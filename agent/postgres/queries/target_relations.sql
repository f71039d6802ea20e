-- Answers: which tables are there, what is thought to be in each, what may we do, and
-- how many locks does emptying it take? Sizes are those of the last VACUUM or ANALYZE:
-- the true ones would need a lock on every table. Views are listed to tell them from
-- tables that are missing. Locked are a table, its TOAST table, and the indexes of both.
-- Trusted are tables of superusers and our own: nobody else can put code on them.
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
WITH indexed AS (
    SELECT
        i.indrelid,
        count(*) AS indexes
    FROM
        pg_index AS i
    GROUP BY
        i.indrelid
)

SELECT
    c.oid,
    n.nspname AS schema,
    c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted,
    quote_ident(n.nspname) AS quoted_schema,
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
        AND coalesce(has_table_privilege(c.oid, 'SELECT'), FALSE) AS readable,
    (
        1 + coalesce(own.indexes, 0)
        + CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE 1 END + coalesce(toast.indexes, 0)
    )::integer AS locks,
    r.rolsuper OR r.rolname IN (current_user, session_user) AS trusted
FROM
    pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    INNER JOIN pg_roles AS r ON r.oid = c.relowner
    LEFT JOIN indexed AS own ON own.indrelid = c.oid
    LEFT JOIN indexed AS toast ON toast.indrelid = c.reltoastrelid
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
