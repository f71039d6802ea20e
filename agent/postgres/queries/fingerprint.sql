-- Answers: has any sequence been made, dropped, renamed, granted, altered or restarted?
-- Every one of these writes a new version of the row in pg_class; setval and nextval
-- do not. Temporary sequences come and go with sessions and are nobody's business.
-- Privileges: none. Oldest server: 13.
SELECT
    count(*)
        || ':' || coalesce(sum(hashtextextended(c.oid || ':' || c.xmin, 0)), 0)
        AS fingerprint
FROM
    pg_class AS c
WHERE
    c.relkind = 'S'
    AND c.relpersistence <> 't'
