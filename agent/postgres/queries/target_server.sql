-- Answers: which server and which database is this, how large, what is said of it, and
-- as whom are we here?
-- Privileges: CONNECT on the database. Oldest server: 13.
SELECT
    pg_is_in_recovery() AS in_recovery,
    split_part(current_setting('server_version'), ' ', 1) AS version,
    d.oid AS database_oid,
    d.datname,
    quote_ident(d.datname) AS quoted_database,
    pg_database_size(d.oid) AS database_bytes,
    shobj_description(d.oid, 'pg_database') AS comment,
    quote_ident(current_user) AS role,
    clock_timestamp() AS now
FROM
    pg_database AS d
WHERE
    d.datname = current_database()
