-- Answers: which server is this, which database, is it a standby, and as whom are we here?
-- The line is what can be told of it without the functions that line.sql calls.
-- Privileges: none. Oldest server: 13.
SELECT
    current_database()::text AS datname,
    split_part(current_setting('server_version'), ' ', 1) AS version,
    pg_is_in_recovery() AS in_recovery,
    quote_ident(current_user) AS role,
    CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS line
