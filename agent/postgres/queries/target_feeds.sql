-- Answers: which columns, of tables, partitions and views, take values from which
-- sequence? Of several links of one column the strongest is kept.
-- Links come from pg_depend alone. A default that is only text, as before 8.1, and a
-- trigger or program that calls nextval leave no trace there.
-- Privileges: none. Oldest server: 13.
WITH RECURSIVE link AS (
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
        d.refobjid,
        ad.adrelid,
        ad.adnum,
        'default'
    FROM
        pg_depend AS d
        INNER JOIN pg_sequence AS s ON s.seqrelid = d.refobjid
        INNER JOIN pg_attrdef AS ad ON ad.oid = d.objid
    WHERE
        d.classid = 'pg_attrdef'::regclass
        AND d.refclassid = 'pg_class'::regclass
        AND d.deptype = 'n'
    UNION ALL
    -- The default of a domain serves every column that has none of its own.
    SELECT
        d.refobjid,
        a.attrelid,
        a.attnum,
        'default'
    FROM
        pg_depend AS d
        INNER JOIN pg_sequence AS s ON s.seqrelid = d.refobjid
        INNER JOIN pg_attribute AS a ON a.atttypid = d.objid
        INNER JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f')
    WHERE
        d.classid = 'pg_type'::regclass
        AND d.refclassid = 'pg_class'::regclass
        AND d.deptype = 'n'
        AND NOT a.atthasdef
),
named AS (
    SELECT DISTINCT ON (l.sequence_oid, l.table_oid, l.attnum)
        l.sequence_oid,
        l.table_oid,
        l.link,
        a.attname,
        a.atttypid
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
-- The type under all domains.
type AS (
    SELECT
        t.oid AS type_oid,
        t.typtype,
        t.typbasetype,
        t.typname
    FROM
        pg_type AS t
    WHERE
        t.oid IN (SELECT named.atttypid FROM named)
    UNION ALL
    SELECT
        type.type_oid,
        b.typtype,
        b.typbasetype,
        b.typname
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
    type.typname AS base_type
FROM
    named
    INNER JOIN type ON type.type_oid = named.atttypid AND type.typtype <> 'd'
ORDER BY
    named.sequence_oid,
    named.table_oid,
    named.attname
