-- Answers: nothing; lets a statement end soon after whoever sent it is gone.
-- Privileges: none. Oldest server: 14.
SELECT pg_catalog.set_config('client_connection_check_interval', %(interval)s, TRUE)
