-- Answers: of views that have defaults, which tables lie under them, through any number
-- of other views? What the rules of a view name counts as well. Where an INSTEAD OF
-- trigger takes what is inserted, nobody knows where it goes: that is told as table 0.
-- Privileges: none. Oldest server: 13.
WITH RECURSIVE rewritten AS (
    SELECT
        r.ev_class AS view_oid,
        d.refobjid AS oid
    FROM
        pg_rewrite AS r
        INNER JOIN pg_depend AS d
            ON
                d.classid = 'pg_rewrite'::regclass
                AND d.objid = r.oid
                AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid <> r.ev_class
),
base AS (
    SELECT
        c.oid AS view_oid,
        c.oid
    FROM
        pg_class AS c
    WHERE
        c.relkind = 'v'
        AND c.oid IN (SELECT ad.adrelid FROM pg_attrdef AS ad)
    UNION
    SELECT
        base.view_oid,
        rewritten.oid
    FROM
        base
        INNER JOIN pg_class AS c ON c.oid = base.oid AND c.relkind = 'v'
        INNER JOIN rewritten ON rewritten.view_oid = base.oid
)

SELECT
    base.view_oid,
    base.oid AS table_oid
FROM
    base
    INNER JOIN pg_class AS c ON c.oid = base.oid
WHERE
    c.relkind IN ('r', 'p', 'f', 'm')
    AND c.oid >= 16384
UNION
SELECT
    base.view_oid,
    0
FROM
    base
    INNER JOIN pg_trigger AS t ON t.tgrelid = base.oid
WHERE
    NOT t.tgisinternal
    -- TRIGGER_TYPE_INSTEAD and TRIGGER_TYPE_INSERT in PostgreSQL's pg_trigger.h.
    AND t.tgtype & 64 <> 0
    AND t.tgtype & 4 <> 0
ORDER BY
    view_oid,
    table_oid
