-- Answers: which databases does the server hold?
-- Those that nobody can connect to (template0) are left out; one that only this role
-- may not connect to is listed, for the refusal is worth knowing.
-- Privileges: none. Oldest server: 13.
SELECT
    d.datname
FROM
    pg_database AS d
WHERE
    d.datallowconn
ORDER BY
    d.datname
