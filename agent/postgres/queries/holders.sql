-- Answers: which relations does somebody hold, or wait for, in a mode that would make
-- a reader of sequences wait? Waiting requests count: readers queue behind them.
-- Privileges: none. Oldest server: 13.
SELECT
    l.relation AS oid,
    bool_or(l.mode = 'AccessExclusiveLock') AS exclusive,
    string_agg(DISTINCT coalesce(l.pid::text, 'a prepared transaction'), ', ') AS holders
FROM
    pg_locks AS l
WHERE
    l.locktype = 'relation'
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND l.mode IN (
        'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'
    )
    AND l.pid IS DISTINCT FROM pg_backend_pid()
GROUP BY
    l.relation
