-- Answers: how is every sequence of this database defined?
-- Temporary ones are left out: only their own session can read them.
-- Takes no lock on any sequence. Privileges: none. Oldest server: 13.
SELECT
    s.seqrelid AS oid,
    c.relfilenode AS filenode,
    n.nspname AS schema,
    c.relname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted,
    quote_ident(n.nspname) AS quoted_schema,
    format_type(s.seqtypid, NULL) AS data_type,
    s.seqstart AS start,
    s.seqmin AS minimum,
    s.seqmax AS maximum,
    s.seqincrement AS increment,
    s.seqcycle AS cycle,
    s.seqcache AS cache,
    c.relpersistence = 'u' AS unlogged
FROM
    pg_sequence AS s
    INNER JOIN pg_class AS c ON c.oid = s.seqrelid
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    c.relpersistence <> 't'
ORDER BY
    n.nspname,
    c.relname
