-- Answers: which server and which database is this, how large, what is said of it, as
-- whom are we here, how many locks does it have for all sessions together, and can it
-- keep views out of what is read by its name? Minors of before August 2024 cannot.
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
    clock_timestamp() AS now,
    current_setting('max_locks_per_transaction')::bigint
    * (
        current_setting('max_connections')::bigint
        + current_setting('max_prepared_transactions')::bigint
    ) AS lock_slots,
    current_setting('restrict_nonsystem_relation_kind', TRUE) IS NOT NULL AS bars_views
FROM
    pg_database AS d
WHERE
    d.datname = current_database()
