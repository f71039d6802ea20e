-- Answers: which columns take their values from which sequence?
-- Links come from pg_depend alone: no text of a default is parsed or rendered, since
-- pg_get_expr waits behind every ALTER TABLE. A column that merely inherits its
-- default (partitions, INHERITS) is left out where an ancestor is linked as well.
-- Of several links of one column the strongest is kept: identity, owned, default.
-- `tree` is the stored default, cut where none that hands on a value is as long, and
-- `called_oids` are the sequences that it mentions.
-- A type that is not built in has no base_type: its range is not known.
-- `unsupplied` columns must have a value, and the catalog knows of nothing that gives
-- them one: no default, no identity, no trigger. `locks` is how many relations are
-- locked when an index tells the furthest value; NULL where none does, or where rows
-- of other tables count too (INHERITS).
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
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
    UNION
    -- And those that functions in them mention, where the catalog knows their bodies.
    SELECT
        d.classid,
        d.objid,
        body.refobjid
    FROM
        pg_depend AS d
        INNER JOIN pg_depend AS body
            ON
                body.classid = 'pg_proc'::regclass
                AND body.objid = d.refobjid
                AND body.refclassid = 'pg_class'::regclass
        INNER JOIN pg_sequence AS s ON s.seqrelid = body.refobjid
    WHERE
        d.classid IN ('pg_attrdef'::regclass, 'pg_type'::regclass)
        AND d.refclassid = 'pg_proc'::regclass
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
        a.atttypmod,
        a.atthasdef,
        a.attidentity <> '' AS identity,
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS undefined
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
ancestor AS (
    SELECT
        i.inhrelid AS table_oid,
        i.inhparent AS ancestor_oid
    FROM
        pg_inherits AS i
    WHERE
        i.inhrelid IN (SELECT named.table_oid FROM named)
    UNION
    SELECT
        a.table_oid,
        i.inhparent
    FROM
        ancestor AS a
        INNER JOIN pg_inherits AS i ON i.inhrelid = a.ancestor_oid
),
own AS (
    SELECT named.*
    FROM
        named
    WHERE
        NOT EXISTS (
            SELECT
            FROM
                ancestor AS a
                INNER JOIN named AS above ON above.table_oid = a.ancestor_oid
            WHERE
                a.table_oid = named.table_oid
                AND above.sequence_oid = named.sequence_oid
                AND above.attname = named.attname
        )
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
-- The type under all domains, with the modifier that the innermost domain gives it.
type AS (
    SELECT
        t.oid AS type_oid,
        t.oid AS base_oid,
        NULL::integer AS domain_typmod,
        t.typtype,
        t.typbasetype,
        t.typtypmod,
        t.typname
    FROM
        pg_type AS t
    WHERE
        t.oid IN (SELECT own.atttypid FROM own)
    UNION ALL
    SELECT
        type.type_oid,
        b.oid,
        type.typtypmod,
        b.typtype,
        b.typbasetype,
        b.typtypmod,
        b.typname
    FROM
        type
        INNER JOIN pg_type AS b ON b.oid = type.typbasetype
    WHERE
        type.typtype = 'd'
)

SELECT
    own.sequence_oid,
    n.nspname AS table_schema,
    c.relname AS table_name,
    own.attname AS column,
    format_type(own.atttypid, own.atttypmod) AS type_name,
    CASE WHEN type.base_oid < 16384 THEN type.typname ELSE '' END AS base_type,
    coalesce(type.domain_typmod, own.atttypmod) AS base_typmod,
    own.link,
    own.identity,
    left(
        CASE WHEN own.atthasdef THEN ad.adbin::text ELSE declared.typdefaultbin::text END,
        10000
    ) AS tree,
    coalesce(called.sequence_oids, '{}') AS called_oids,
    EXISTS (
        SELECT
        FROM
            pg_index AS i
        WHERE
            i.indrelid = own.table_oid
            AND i.indisunique
            AND i.indnkeyatts = 1
            AND i.indkey[0] = own.attnum
            AND i.indpred IS NULL
    ) AS "unique",
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted_table,
    quote_ident(own.attname) AS quoted_column,
    own.table_oid::bigint AS table_oid,
    own.undefined
        AND c.relkind IN ('r', 'p')
        AND NOT EXISTS (
            SELECT FROM pg_type AS t WHERE t.oid = own.atttypid AND t.typdefaultbin IS NOT NULL
        )
        AND NOT EXISTS (
            SELECT
            FROM
                pg_trigger AS g
            WHERE
                g.tgrelid = own.table_oid
                AND NOT g.tgisinternal
                -- BEFORE INSERT FOR EACH ROW
                AND g.tgtype::integer & 7 = 7
        ) AS unsupplied,
    has_schema_privilege(c.relnamespace, 'USAGE')
        AND has_column_privilege(c.oid, own.attnum, 'SELECT') AS readable,
    row_security_active(c.oid) AS row_security,
    CASE
        WHEN NOT EXISTS (
            SELECT
            FROM
                pg_index AS i
                INNER JOIN pg_class AS x ON x.oid = i.indexrelid
                INNER JOIN pg_am AS m ON m.oid = x.relam AND m.amname = 'btree'
                INNER JOIN pg_opclass AS o ON o.oid = i.indclass[0] AND o.opcdefault
            WHERE
                i.indrelid = own.table_oid
                AND i.indkey[0] = own.attnum
                AND i.indpred IS NULL
                AND i.indisvalid
        ) THEN NULL
        WHEN c.relkind = 'p' THEN (
            SELECT
                count(*) + sum((
                    SELECT count(*) FROM pg_index AS i WHERE i.indrelid = part.relid
                ))
            FROM
                pg_partition_tree(c.oid) AS part
        )::integer
        WHEN c.relkind = 'r'
            AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = c.oid)
            THEN 1 + (
                SELECT count(*) FROM pg_index AS i WHERE i.indrelid = c.oid
            )::integer
    END AS locks
FROM
    own
    INNER JOIN pg_class AS c ON c.oid = own.table_oid
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    INNER JOIN type ON type.type_oid = own.atttypid AND type.typtype <> 'd'
    INNER JOIN pg_type AS declared ON declared.oid = own.atttypid
    LEFT JOIN pg_attrdef AS ad ON ad.adrelid = own.table_oid AND ad.adnum = own.attnum
    LEFT JOIN called
        ON
            called.classid
            = CASE WHEN own.atthasdef THEN 'pg_attrdef' ELSE 'pg_type' END::regclass
            AND called.objid = CASE WHEN own.atthasdef THEN ad.oid ELSE own.atttypid END
WHERE
    c.relpersistence <> 't'
    AND c.relkind IN ('r', 'p', 'f', 'v')
ORDER BY
    own.sequence_oid,
    array_position(ARRAY['identity', 'owned', 'default'], own.link),
    n.nspname,
    c.relname,
    own.attname
