-- Answers: who holds these relations in one of these modes, and since when?
-- A prepared transaction has no backend. Of other roles' sessions the state and the time
-- are hidden; what they run is never asked for.
-- Privileges: any; pg_read_all_stats sees more. Oldest server: 13.
SELECT
    l.pid,
    p.gid,
    coalesce(a.usename, p.owner)::text AS role,
    a.backend_type,
    a.application_name AS application,
    a.state,
    coalesce(p.prepared, a.xact_start, a.query_start) AS since
FROM
    pg_catalog.pg_locks AS l
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    -- The lock of a prepared transaction on its own number tells which one it is.
    LEFT JOIN pg_catalog.pg_locks AS own
        ON
            l.pid IS NULL
            AND own.pid IS NULL
            AND own.locktype = 'transactionid'
            AND own.virtualtransaction = l.virtualtransaction
    LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = own.transactionid
WHERE
    l.locktype = 'relation'
    AND l.database = (
        SELECT d.oid
        FROM pg_catalog.pg_database AS d
        WHERE d.datname = pg_catalog.current_database()
    )
    AND l.granted
    AND l.relation = ANY(%(oids)s::pg_catalog.oid [])
    AND l.mode = ANY(%(modes)s::pg_catalog.text [])
    AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
GROUP BY
    l.pid,
    p.gid,
    p.owner,
    p.prepared,
    a.usename,
    a.backend_type,
    a.application_name,
    a.state,
    a.xact_start,
    a.query_start
ORDER BY
    since NULLS LAST,
    l.pid
