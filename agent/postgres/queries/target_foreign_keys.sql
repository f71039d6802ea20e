-- Answers: which table references which, by which constraint?
-- Privileges: none. Oldest server: 13.
SELECT
    k.oid,
    k.conname AS name,
    k.conrelid AS table_oid,
    k.confrelid AS referenced_oid,
    k.conparentid AS parent_oid
FROM
    pg_constraint AS k
WHERE
    k.contype = 'f'
ORDER BY
    k.conname,
    k.oid
