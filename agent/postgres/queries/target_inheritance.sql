-- Answers: which tables are emptied along with which? Partitions, and INHERITS.
-- Privileges: none. Oldest server: 13.
SELECT
    i.inhparent AS parent_oid,
    i.inhrelid AS child_oid
FROM
    pg_inherits AS i
    INNER JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE
    c.relkind IN ('r', 'p', 'f')
ORDER BY
    i.inhparent,
    i.inhrelid
