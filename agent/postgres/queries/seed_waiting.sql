-- Answers: does that transaction wait for a lock, and is this the server that it is on?
-- Every role may see that of every other.
-- Privileges: none. Oldest server: 13.
SELECT
    EXISTS (
        SELECT
        FROM
            pg_catalog.pg_locks AS l
        WHERE
            l.pid OPERATOR(pg_catalog.=) %(pid)s
            AND l.virtualtransaction OPERATOR(pg_catalog.=) %(transaction)s
            AND NOT l.granted
    ) AS waits,
    pg_catalog.to_char(
        pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()),
        'YYYYMMDDHH24MISSUS'
    ) OPERATOR(pg_catalog.=) %(server)s AS here
