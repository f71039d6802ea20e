-- Answers: what of roles that are no superusers, and not ours, could the server run while
-- it plans a query of a table, as whoever asks? Of some tables and all that inherit from
-- them, or of all where none are named.
-- Planning folds IMMUTABLE functions over constants in the predicates and expressions of
-- indexes, in extended statistics and in keys of partitions; it plans the checks of
-- domains that these mention; and it asks functions of operator classes. Whether a
-- function would be folded now is not asked: its owner can replace it at any moment, and
-- the owner of a domain can add a check.
-- What is built in is not in pg_depend, and belongs to a superuser.
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
WITH RECURSIVE asked AS (
    SELECT c.oid
    FROM
        pg_class AS c
    WHERE
        c.relkind IN ('r', 'p')
        AND (%(table_oids)s::oid[] IS NULL OR c.oid = ANY(%(table_oids)s::oid[]))
    UNION
    SELECT i.inhrelid
    FROM
        asked
        INNER JOIN pg_inherits AS i ON i.inhparent = asked.oid
    WHERE
        %(table_oids)s::oid[] IS NOT NULL
),
-- Whoever partitions a partition has the keys of all above it planned as well.
above AS (
    SELECT
        asked.oid AS table_oid,
        p.partrelid AS above_oid
    FROM
        asked
        INNER JOIN pg_partitioned_table AS p ON p.partrelid = asked.oid
    UNION
    SELECT
        above.table_oid,
        i.inhparent
    FROM
        above
        INNER JOIN pg_inherits AS i ON i.inhrelid = above.above_oid
),
reached AS (
    SELECT
        above.table_oid,
        'partition key' AS place,
        'pg_class'::regclass::oid AS classid,
        above.above_oid AS objid
    FROM
        above
    UNION
    SELECT
        asked.oid AS table_oid,
        planned.place,
        planned.classid,
        planned.objid
    FROM
        asked
        CROSS JOIN LATERAL (
            SELECT
                format('index %%I', c.relname) AS place,
                'pg_class'::regclass::oid AS classid,
                i.indexrelid AS objid
            FROM
                pg_index AS i
                INNER JOIN pg_class AS c ON c.oid = i.indexrelid
            WHERE
                i.indrelid = asked.oid
            UNION ALL
            SELECT
                format('statistics %%I', x.stxname),
                'pg_statistic_ext'::regclass::oid,
                x.oid
            FROM
                pg_statistic_ext AS x
            WHERE
                x.stxrelid = asked.oid
        ) AS planned
    UNION
    SELECT
        reached.table_oid,
        reached.place,
        part.classid,
        part.objid
    FROM
        reached
        CROSS JOIN LATERAL (
            SELECT
                d.refclassid AS classid,
                d.refobjid AS objid
            FROM
                pg_depend AS d
            WHERE
                d.classid = reached.classid
                AND d.objid = reached.objid
                AND d.objsubid = 0
                AND d.refclassid IN (
                    'pg_proc'::regclass,
                    'pg_operator'::regclass,
                    'pg_type'::regclass,
                    'pg_opclass'::regclass,
                    'pg_opfamily'::regclass
                )
            UNION ALL
            SELECT
                'pg_constraint'::regclass,
                k.oid
            FROM
                pg_constraint AS k
            WHERE
                reached.classid = 'pg_type'::regclass
                AND k.contypid = reached.objid
            UNION ALL
            SELECT
                'pg_proc'::regclass,
                f.amproc
            FROM
                pg_amproc AS f
            WHERE
                reached.classid = 'pg_opfamily'::regclass
                AND f.amprocfamily = reached.objid
            UNION ALL
            SELECT
                'pg_operator'::regclass,
                o.amopopr
            FROM
                pg_amop AS o
            WHERE
                reached.classid = 'pg_opfamily'::regclass
                AND o.amopfamily = reached.objid
        ) AS part
),
stranger AS (
    SELECT
        r.oid,
        r.rolname
    FROM
        pg_roles AS r
    WHERE
        NOT r.rolsuper
        AND r.rolname NOT IN (current_user, session_user)
)

SELECT
    reached.table_oid,
    reached.place,
    format('%%s of %%I', p.oid::regprocedure, stranger.rolname) AS code,
    p.oid AS function_oid
FROM
    reached
    INNER JOIN pg_proc AS p ON p.oid = reached.objid
    INNER JOIN stranger ON stranger.oid = p.proowner
WHERE
    reached.classid = 'pg_proc'::regclass
UNION ALL
SELECT
    reached.table_oid,
    reached.place,
    format('checks of domain %%s of %%I', t.oid::regtype, stranger.rolname),
    0
FROM
    reached
    INNER JOIN pg_type AS t ON t.oid = reached.objid
    INNER JOIN stranger ON stranger.oid = t.typowner
WHERE
    reached.classid = 'pg_type'::regclass
    AND t.typtype = 'd'
ORDER BY
    table_oid,
    place,
    code
