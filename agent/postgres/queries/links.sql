-- Both answers about columns begin with this: which sequence is linked to which column?
-- Links come from pg_depend alone. A default that is only text, as before 8.1, and a
-- trigger or a program that calls nextval leave no trace there.
-- Of several links of one column the strongest is kept: identity, owned, default.
-- `tree` is the stored default, cut where none that hands on a value is as long, and
-- `called_oids` are the sequences that it mentions. What would print the default waits
-- for locks on the table.
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
WITH RECURSIVE calls AS (
    -- What mentions a sequence: defaults of columns and of domains, and functions and
    -- operators where the catalog knows their bodies;
    SELECT
        d.classid,
        d.objid,
        d.refobjid AS sequence_oid
    FROM
        pg_depend AS d
        INNER JOIN pg_sequence AS s ON s.seqrelid = d.refobjid
    WHERE
        d.classid
        IN (
            'pg_attrdef'::regclass, 'pg_type'::regclass,
            'pg_proc'::regclass, 'pg_operator'::regclass
        )
        AND d.refclassid = 'pg_class'::regclass
        AND d.deptype = 'n'
    UNION
    -- and what mentions such a function or operator.
    SELECT
        d.classid,
        d.objid,
        calls.sequence_oid
    FROM
        calls
        INNER JOIN pg_depend AS d
            ON d.refclassid = calls.classid AND d.refobjid = calls.objid
    WHERE
        calls.classid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
        AND d.classid
        IN (
            'pg_attrdef'::regclass, 'pg_type'::regclass,
            'pg_proc'::regclass, 'pg_operator'::regclass
        )
        AND d.deptype = 'n'
),
called AS (
    SELECT
        calls.classid,
        calls.objid,
        array_agg(calls.sequence_oid::bigint ORDER BY calls.sequence_oid) AS sequence_oids
    FROM
        calls
    GROUP BY
        calls.classid,
        calls.objid
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
        a.atttypmod,
        a.atthasdef,
        a.attnotnull,
        a.attidentity <> '' AS identity
    FROM
        link AS l
        INNER JOIN pg_attribute AS a
            ON a.attrelid = l.table_oid AND a.attnum = l.attnum
    WHERE
        NOT a.attisdropped
    ORDER BY
        l.sequence_oid,
        l.table_oid,
        l.attnum,
        array_position(ARRAY['identity', 'owned', 'default'], l.link)
),
-- The type under all domains, with the modifier that the innermost domain gives it.
type AS (
    SELECT
        t.oid AS type_oid,
        t.oid AS base_oid,
        NULL::integer AS domain_typmod,
        t.typtype,
        t.typbasetype,
        t.typtypmod,
        t.typname,
        t.typnamespace
    FROM
        pg_type AS t
    WHERE
        t.oid IN (SELECT named.atttypid FROM named)
    UNION ALL
    SELECT
        type.type_oid,
        b.oid,
        type.typtypmod,
        b.typtype,
        b.typbasetype,
        b.typtypmod,
        b.typname,
        b.typnamespace
    FROM
        type
        INNER JOIN pg_type AS b ON b.oid = type.typbasetype
    WHERE
        type.typtype = 'd'
),
-- Materialized: beside questions as costly as those of columns.sql the planner takes no
-- care how it joins this.
fed AS MATERIALIZED (
    SELECT
        named.*,
        type.base_oid,
        type.domain_typmod,
        type.typname AS base_name,
        type.typnamespace AS base_namespace,
        declared.typdefaultbin IS NOT NULL AS domain_default,
        left(
            CASE WHEN named.atthasdef THEN ad.adbin ELSE declared.typdefaultbin END::text,
            10000
        ) AS tree,
        coalesce(called.sequence_oids, '{}') AS called_oids
    FROM
        named
        INNER JOIN type ON type.type_oid = named.atttypid AND type.typtype <> 'd'
        INNER JOIN pg_type AS declared ON declared.oid = named.atttypid
        LEFT JOIN pg_attrdef AS ad
            ON ad.adrelid = named.table_oid AND ad.adnum = named.attnum
        LEFT JOIN called
            ON
                called.classid
                = CASE WHEN named.atthasdef THEN 'pg_attrdef' ELSE 'pg_type' END::regclass
                AND called.objid
                = CASE WHEN named.atthasdef THEN ad.oid ELSE named.atttypid END
)
