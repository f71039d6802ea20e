-- Answers: which tables, views and sequences has this backend locked, and how strongly?
-- Asked before and after a statement that goes by names, it tells what that has reached.
-- What is the system's, or is temporary and our own, is left out. So are indexes: none
-- is reached but through its table.
-- Privileges: none. Oldest server: 13.
SELECT
    c.oid,
    n.nspname || '.' || c.relname AS qualified,
    c.relkind::text AS kind,
    pg_catalog.bool_or(l.mode = 'AccessExclusiveLock') AS exclusive,
    pg_catalog.bool_or(
        l.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    ) AS unwritable
FROM
    pg_catalog.pg_locks AS l
    INNER JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
    INNER JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    l.locktype = 'relation'
    AND l.pid = pg_catalog.pg_backend_pid()
    AND l.database = (
        SELECT d.oid
        FROM pg_catalog.pg_database AS d
        WHERE d.datname = pg_catalog.current_database()
    )
    AND l.granted
    AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    AND n.oid NOT IN ('pg_catalog'::pg_catalog.regnamespace, pg_catalog.pg_my_temp_schema())
GROUP BY
    c.oid,
    n.nspname,
    c.relname,
    c.relkind
ORDER BY
    c.oid
