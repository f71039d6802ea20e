-- Answers: which databases does the server hold, and which of them are not to be tried?
-- Templates are those that are marked so, whatever they are called. A limit of 0 does
-- not hold for superusers; -2 marks a database whose DROP was interrupted.
-- A name has the encoding of the database that it was given in, whatever that of this
-- one is: its bytes are what leads there.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.replace(d.datname::pg_catalog.text, '\', '\\')::pg_catalog.bytea AS name,
    CASE
        WHEN d.datconnlimit = -2 THEN 'invalid'
        WHEN d.datistemplate THEN 'template'
        WHEN NOT d.datallowconn THEN 'connections_forbidden'
        WHEN d.datconnlimit = 0 AND NOT r.rolsuper THEN 'connection_limit'
        WHEN NOT pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')
            THEN 'no_privilege'
    END AS exclusion
FROM
    pg_catalog.pg_database AS d
    INNER JOIN pg_catalog.pg_roles AS r ON r.rolname = SESSION_USER
ORDER BY
    d.datname
