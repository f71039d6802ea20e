-- Answers: which functions of roles that are no superusers, and not ours, could the
-- server run while it plans a query of a table, as whoever asks?
-- Planning folds IMMUTABLE functions over constants in the predicates and expressions of
-- indexes, in extended statistics and in keys of partitions; it plans the checks of
-- domains that these mention; and it asks functions of operator classes. Whether a
-- function would be folded now is not asked: its owner can replace it at any moment.
-- What is built in is not in pg_depend, and belongs to a superuser.
-- Takes no lock on any table. Privileges: none. Oldest server: 13.
WITH RECURSIVE planned AS (
    SELECT
        i.indrelid AS table_oid,
        format('index %s', c.relname) AS place,
        'pg_class'::regclass::oid AS classid,
        i.indexrelid AS objid
    FROM
        pg_index AS i
        INNER JOIN pg_class AS c ON c.oid = i.indexrelid
    UNION ALL
    SELECT
        x.stxrelid,
        format('statistics %s', x.stxname),
        'pg_statistic_ext'::regclass::oid,
        x.oid
    FROM
        pg_statistic_ext AS x
    UNION ALL
    SELECT
        p.partrelid,
        'partition key',
        'pg_class'::regclass::oid,
        p.partrelid
    FROM
        pg_partitioned_table AS p
),
-- From one thing to those that it is made of.
made_of AS (
    SELECT
        d.classid,
        d.objid,
        d.refclassid,
        d.refobjid
    FROM
        pg_depend AS d
    WHERE
        d.objsubid = 0
        AND d.refclassid IN (
            'pg_proc'::regclass,
            'pg_operator'::regclass,
            'pg_type'::regclass,
            'pg_opclass'::regclass,
            'pg_opfamily'::regclass
        )
    UNION ALL
    SELECT
        'pg_type'::regclass,
        k.contypid,
        'pg_constraint'::regclass,
        k.oid
    FROM
        pg_constraint AS k
    WHERE
        k.contypid <> 0
    UNION ALL
    SELECT
        'pg_opfamily'::regclass,
        f.amprocfamily,
        'pg_proc'::regclass,
        f.amproc
    FROM
        pg_amproc AS f
    UNION ALL
    SELECT
        'pg_opfamily'::regclass,
        o.amopfamily,
        'pg_operator'::regclass,
        o.amopopr
    FROM
        pg_amop AS o
),
reached AS (
    SELECT
        planned.table_oid,
        planned.place,
        planned.classid,
        planned.objid
    FROM
        planned
    UNION
    SELECT
        reached.table_oid,
        reached.place,
        made_of.refclassid,
        made_of.refobjid
    FROM
        reached
        INNER JOIN made_of
            ON made_of.classid = reached.classid AND made_of.objid = reached.objid
)

SELECT
    reached.table_oid,
    reached.place,
    p.oid AS function_oid
FROM
    reached
    INNER JOIN pg_proc AS p ON p.oid = reached.objid
    INNER JOIN pg_roles AS r ON r.oid = p.proowner
WHERE
    reached.classid = 'pg_proc'::regclass
    AND NOT r.rolsuper
    AND r.rolname NOT IN (current_user, session_user)
ORDER BY
    reached.table_oid,
    reached.place,
    p.oid
