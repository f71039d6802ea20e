-- Answers: how many connections may the role have that is connected here, and how many
-- has it? NULL stands for no limit, which superusers never have.
-- Privileges: none. Oldest server: 13.
SELECT
    CASE
        WHEN NOT r.rolsuper AND r.rolconnlimit >= 0 THEN r.rolconnlimit
    END AS allowed,
    (
        SELECT pg_catalog.count(*)
        FROM
            pg_catalog.pg_stat_activity AS a
        WHERE
            a.usesysid = r.oid
    ) AS taken
FROM
    pg_catalog.pg_roles AS r
WHERE
    r.rolname = SESSION_USER
