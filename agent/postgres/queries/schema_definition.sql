-- Answers: what do the tables and functions of the schema sequence_agent consist of, one
-- line for each thing that could run or hide something, to be compared with what `arm`
-- makes? What else somebody keeps in that schema is never used.
-- "foreign" are things that belong to nobody who may arm: neither to a superuser nor to
-- the database's owner. Columns are told without their order, which a layout that was
-- brought up to date has in another way.
-- Asked of the catalogs; the texts of defaults wait for an exclusive lock on the table.
-- Privileges: none. Oldest server: 13.
WITH home AS (
    SELECT
        n.oid,
        n.nspowner
    FROM
        pg_catalog.pg_namespace AS n
    WHERE
        n.nspname = 'sequence_agent'
),
trusted AS (
    SELECT r.oid
    FROM
        pg_catalog.pg_roles AS r
    WHERE
        r.rolsuper
        OR r.rolname = 'pg_database_owner'
        OR r.oid = (
            SELECT d.datdba
            FROM pg_catalog.pg_database AS d
            WHERE d.datname = pg_catalog.current_database()
        )
),
relation AS (
    SELECT c.*
    FROM
        pg_catalog.pg_class AS c
        INNER JOIN home ON home.oid = c.relnamespace
    WHERE
        c.relname IN ('environment', 'job_run', 'version')
        OR c.oid IN (
            SELECT i.indexrelid
            FROM
                pg_catalog.pg_index AS i
                INNER JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
            WHERE
                t.relnamespace = home.oid
                AND t.relname IN ('environment', 'job_run', 'version')
        )
),
routine AS (
    SELECT p.*
    FROM
        pg_catalog.pg_proc AS p
        INNER JOIN home ON home.oid = p.pronamespace
    WHERE
        p.proname IN ('hold_marker', 'prune_runs')
)

SELECT 'foreign schema, owned by ' || pg_catalog.pg_get_userbyid(home.nspowner) AS line
FROM
    home
WHERE
    home.nspowner NOT IN (SELECT trusted.oid FROM trusted)
UNION ALL
SELECT
    pg_catalog.format(
        'foreign %s, owned by %s', owned.name, pg_catalog.pg_get_userbyid(owned.owner)
    )
FROM
    (
        SELECT relation.relname, relation.relowner FROM relation
        UNION ALL
        SELECT routine.proname, routine.proowner FROM routine
    ) AS owned (name, owner)
WHERE
    owned.owner NOT IN (SELECT trusted.oid FROM trusted)
UNION ALL
SELECT
    pg_catalog.concat_ws(
        ' ',
        CASE r.relkind WHEN 'r' THEN 'table' WHEN 'i' THEN 'index' ELSE 'kind ' || r.relkind::text END,
        r.relname,
        CASE WHEN r.relpersistence <> 'p' THEN 'not permanent' END,
        CASE WHEN r.relrowsecurity OR r.relforcerowsecurity THEN 'with row security' END,
        CASE WHEN r.relispartition THEN 'a partition' END,
        CASE WHEN r.reloftype <> 0 THEN 'of a type' END,
        CASE WHEN r.relkind = 'i' THEN pg_catalog.pg_get_indexdef(r.oid) END
    )
FROM
    relation AS r
UNION ALL
SELECT
    pg_catalog.concat_ws(
        ' ',
        'column',
        r.relname || '.' || a.attname,
        pg_catalog.format_type(a.atttypid, a.atttypmod),
        'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid),
        CASE WHEN a.attidentity <> '' OR a.attgenerated <> '' THEN 'generated' END
    )
FROM
    relation AS r
    INNER JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE
    r.relkind <> 'i'
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'constraint', r.relname, pg_catalog.pg_get_constraintdef(k.oid))
FROM
    relation AS r
    INNER JOIN pg_catalog.pg_constraint AS k ON k.conrelid = r.oid
WHERE
    -- Those of NOT NULL are told with their columns; before 18 they are no constraints.
    k.contype <> 'n'
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'trigger', r.relname || '.' || t.tgname)
FROM
    relation AS r
    INNER JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = r.oid
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'rule', r.relname || '.' || w.rulename)
FROM
    relation AS r
    INNER JOIN pg_catalog.pg_rewrite AS w ON w.ev_class = r.oid
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'policy', r.relname || '.' || p.polname)
FROM
    relation AS r
    INNER JOIN pg_catalog.pg_policy AS p ON p.polrelid = r.oid
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'inheritance of', r.relname)
FROM
    relation AS r
    INNER JOIN pg_catalog.pg_inherits AS i ON r.oid IN (i.inhparent, i.inhrelid)
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'statistics', s.stxname)
FROM
    relation AS r
    INNER JOIN pg_catalog.pg_statistic_ext AS s ON s.stxrelid = r.oid
UNION ALL
SELECT
    pg_catalog.concat_ws(
        ' ',
        'function',
        r.proname || '(' || pg_catalog.pg_get_function_identity_arguments(r.oid) || ')',
        l.lanname,
        CASE WHEN r.prosecdef THEN 'as its owner' ELSE 'as its caller' END,
        pg_catalog.array_to_string(r.proconfig, ','),
        pg_catalog.md5(r.prosrc)
    )
FROM
    routine AS r
    INNER JOIN pg_catalog.pg_language AS l ON l.oid = r.prolang
ORDER BY
    line
