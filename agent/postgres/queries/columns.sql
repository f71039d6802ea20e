-- Answers: which columns take their values from which sequence? Begins with links.sql.
-- A column that merely inherits its default (partitions, INHERITS) is left out where an
-- ancestor is linked as well.
-- A type that is not built in has no base_type: its range is not known.
-- `unsupplied` columns must have a value, and the catalog knows of nothing that gives
-- them one: no default, no identity, no trigger. `locks` is how many relations are
-- locked when an index tells the furthest value; NULL where none does, or where rows
-- of other tables count too (INHERITS).
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
,
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
    SELECT fed.*
    FROM
        fed
    WHERE
        NOT EXISTS (
            SELECT
            FROM
                ancestor AS a
                INNER JOIN named AS above ON above.table_oid = a.ancestor_oid
            WHERE
                a.table_oid = fed.table_oid
                AND above.sequence_oid = fed.sequence_oid
                AND above.attname = fed.attname
        )
)

SELECT
    own.sequence_oid,
    n.nspname AS table_schema,
    c.relname AS table_name,
    own.attname AS column,
    format_type(own.atttypid, own.atttypmod) AS type_name,
    CASE WHEN own.base_oid < 16384 THEN own.base_name ELSE '' END AS base_type,
    coalesce(own.domain_typmod, own.atttypmod) AS base_typmod,
    own.link,
    own.identity,
    own.tree,
    own.called_oids,
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
    own.attnotnull
        AND NOT own.atthasdef
        AND NOT own.identity
        AND NOT own.domain_default
        AND c.relkind IN ('r', 'p')
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
WHERE
    c.relpersistence <> 't'
    AND c.relkind IN ('r', 'p', 'f', 'v')
ORDER BY
    own.sequence_oid,
    array_position(ARRAY['identity', 'owned', 'default'], own.link),
    n.nspname,
    c.relname,
    own.attname
