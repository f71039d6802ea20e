-- Answers: how many seconds is a moment ahead of the server's clock?
-- Privileges: none. Oldest server: 13.
SELECT
    extract(EPOCH FROM %(moment)s::timestamptz - clock_timestamp())::double precision
        AS seconds
