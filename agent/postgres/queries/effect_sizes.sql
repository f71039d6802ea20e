-- Answers: how big are these tables, and by which type are arrays of their rows known?
-- By oid. A heap without a block has no row; other access methods may keep them
-- elsewhere. Whoever may not read a table, or not all of it, is not told that it is empty:
-- that would be another answer when there are rows. What is stored out of line and in
-- indexes counts where it is asked for: each is a file to be looked at.
-- Privileges: none; waits for whoever holds a table exclusively. Oldest server: 13.
SELECT
    c.oid,
    t.typarray AS array_type,
    m.amname = 'heap'
        AND heap.bytes = 0
        AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
        AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
        AND NOT pg_catalog.row_security_active(c.oid) AS empty,
    CASE
        WHEN %(with_indexes)s
            THEN coalesce(pg_catalog.pg_total_relation_size(c.oid), heap.bytes)
        ELSE heap.bytes
    END AS bytes
FROM
    pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
    INNER JOIN pg_catalog.pg_type AS t ON t.oid = c.reltype
    CROSS JOIN LATERAL (
        SELECT pg_catalog.pg_relation_size(c.oid) AS bytes
        OFFSET 0
    ) AS heap
WHERE
    c.oid = ANY(%(oids)s::pg_catalog.oid [])
    -- Gone since this statement began.
    AND heap.bytes IS NOT NULL
