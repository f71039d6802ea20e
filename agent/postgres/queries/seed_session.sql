-- Answers: what does this session hold that outlives a transaction, and who and which
-- transaction is it? Asked before anything else in the transaction, so everything in it
-- is qualified, operators too.
-- Privileges: none. Oldest server: 13.
SELECT
    SESSION_USER AS login,
    CURRENT_USER AS acting,
    pg_catalog.current_setting('role') AS role,
    pg_catalog.current_setting('transaction_read_only') AS read_only,
    pg_catalog.current_setting('transaction_isolation') AS isolation,
    pg_catalog.pg_backend_pid() AS pid,
    ARRAY(
        SELECT l.virtualtransaction
        FROM
            pg_catalog.pg_locks AS l
        WHERE
            l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
            AND l.locktype OPERATOR(pg_catalog.=) 'virtualxid'
    ) AS transactions,
    pg_catalog.to_char(
        pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()),
        'YYYYMMDDHH24MISSUS'
    ) AS server,
    ARRAY(
        SELECT p.name
        FROM
            pg_catalog.pg_prepared_statements AS p
    ) AS prepared,
    ARRAY(
        SELECT c.name
        FROM
            pg_catalog.pg_cursors AS c
        WHERE
            c.name OPERATOR(pg_catalog.<>) ''
    ) AS cursors,
    ARRAY(
        SELECT c.channel
        FROM
            pg_catalog.pg_listening_channels() AS c (channel)
    ) AS channels,
    ARRAY(
        SELECT pg_catalog.concat(c.relkind, c.relname)
        FROM
            pg_catalog.pg_class AS c
        WHERE
            c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()
            AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'S'])
    ) AS temporary,
    EXISTS (
        SELECT
        FROM
            pg_catalog.pg_depend AS d
        WHERE
            d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
            AND d.refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()
    ) AS has_temporary,
    ARRAY(
        SELECT
            pg_catalog.concat_ws(
                ' ', l.classid, l.objid, l.objsubid, l.mode
            )
        FROM
            pg_catalog.pg_locks AS l
        WHERE
            l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
            AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
            AND l.granted
    ) AS advisory
