-- Answers: does somebody copy, rename, move or drop this database, or wait for that?
-- CREATE DATABASE with it as the template waits until nobody is connected to it, five
-- seconds at most, and then fails; so do the others.
-- Privileges: none. Oldest server: 13.
SELECT
    EXISTS (
        SELECT
        FROM
            pg_catalog.pg_locks AS l
            INNER JOIN pg_catalog.pg_database AS d ON d.oid = l.objid
        WHERE
            l.locktype = 'object'
            AND l.classid = 'pg_catalog.pg_database'::pg_catalog.regclass
            AND d.datname = pg_catalog.current_database()
            AND l.mode IN ('ShareLock', 'ExclusiveLock', 'AccessExclusiveLock')
            AND l.pid <> pg_catalog.pg_backend_pid()
    ) AS wanted
