-- Answers: what time is it on the server, and of which backend?
-- Privileges: none. Oldest server: 13.
SELECT
    clock_timestamp() AS now,
    pg_backend_pid() AS backend_pid
