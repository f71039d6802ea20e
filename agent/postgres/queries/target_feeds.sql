-- Answers: which columns, of tables, partitions and views, take values from which
-- sequence, and by what expression? Of several links of one column the strongest is kept.
-- Links come from pg_depend alone. A default that is only text, as before 8.1, and a
-- trigger or program that calls nextval leave no trace there.
-- The expression is the stored tree, cut where none that hands on a value is as long:
-- what prints it waits for locks on the table.
-- Privileges: none. Oldest server: 13.
WITH RECURSIVE calls AS (
    -- The sequences that defaults mention, of columns and of domains.
    SELECT
        d.classid,
        d.objid,
        d.refobjid AS sequence_oid
    FROM
        pg_depend AS d
        INNER JOIN pg_sequence AS s ON s.seqrelid = d.refobjid
    WHERE
        d.classid IN ('pg_attrdef'::regclass, 'pg_type'::regclass)
        AND d.refclassid = 'pg_class'::regclass
        AND d.deptype = 'n'
),
link AS (
    SELECT
        d.objid AS sequence_oid,
        d.refobjid AS table_oid,
        d.refobjsubid::smallint AS attnum,
        CASE d.deptype WHEN 'i' THEN 'identity' ELSE 'owned' END AS link
    FROM
        pg_depend AS d
        INNER JOIN pg_sequence AS s ON s.seqrelid = d.objid
    WHERE
        d.classid = 'pg_class'::regclass
        AND d.refclassid = 'pg_class'::regclass
        AND d.refobjsubid > 0
        AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT
        calls.sequence_oid,
        ad.adrelid,
        ad.adnum,
        'default'
    FROM
        calls
        INNER JOIN pg_attrdef AS ad ON ad.oid = calls.objid
    WHERE
        calls.classid = 'pg_attrdef'::regclass
    UNION ALL
    -- The default of a domain serves every column that has none of its own.
    SELECT
        calls.sequence_oid,
        a.attrelid,
        a.attnum,
        'default'
    FROM
        calls
        INNER JOIN pg_attribute AS a ON a.atttypid = calls.objid
        INNER JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f')
    WHERE
        calls.classid = 'pg_type'::regclass
        AND NOT a.atthasdef
),
named AS (
    SELECT DISTINCT ON (l.sequence_oid, l.table_oid, l.attnum)
        l.sequence_oid,
        l.table_oid,
        l.attnum,
        l.link,
        a.attname,
        a.atttypid,
        a.atthasdef,
        a.attidentity <> '' AS identity
    FROM
        link AS l
        INNER JOIN pg_attribute AS a ON a.attrelid = l.table_oid AND a.attnum = l.attnum
    WHERE
        NOT a.attisdropped
    ORDER BY
        l.sequence_oid,
        l.table_oid,
        l.attnum,
        array_position(ARRAY['identity', 'owned', 'default'], l.link)
),
called AS (
    SELECT
        calls.classid,
        calls.objid,
        array_agg(calls.sequence_oid ORDER BY calls.sequence_oid) AS sequence_oids
    FROM
        calls
    GROUP BY
        calls.classid,
        calls.objid
),
-- The type under all domains.
type AS (
    SELECT
        t.oid AS type_oid,
        t.typtype,
        t.typbasetype,
        t.typname,
        t.typnamespace
    FROM
        pg_type AS t
    WHERE
        t.oid IN (SELECT named.atttypid FROM named)
    UNION ALL
    SELECT
        type.type_oid,
        b.typtype,
        b.typbasetype,
        b.typname,
        b.typnamespace
    FROM
        type
        INNER JOIN pg_type AS b ON b.oid = type.typbasetype
    WHERE
        type.typtype = 'd'
)

SELECT
    named.sequence_oid,
    named.table_oid,
    named.attname AS column,
    named.link,
    named.identity,
    CASE
        WHEN type.typnamespace = 'pg_catalog'::regnamespace THEN type.typname::text
        ELSE format('%s.%s', n.nspname, type.typname)
    END AS base_type,
    left(
        CASE WHEN named.atthasdef THEN ad.adbin::text ELSE own.typdefaultbin::text END, 10000
    ) AS tree,
    coalesce(called.sequence_oids, '{}') AS called_oids
FROM
    named
    INNER JOIN type ON type.type_oid = named.atttypid AND type.typtype <> 'd'
    INNER JOIN pg_namespace AS n ON n.oid = type.typnamespace
    INNER JOIN pg_type AS own ON own.oid = named.atttypid
    LEFT JOIN pg_attrdef AS ad ON ad.adrelid = named.table_oid AND ad.adnum = named.attnum
    LEFT JOIN called
        ON
            called.classid
            = CASE WHEN named.atthasdef THEN 'pg_attrdef' ELSE 'pg_type' END::regclass
            AND called.objid = CASE WHEN named.atthasdef THEN ad.oid ELSE named.atttypid END
ORDER BY
    named.sequence_oid,
    named.table_oid,
    named.attname
