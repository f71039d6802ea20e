-- Answers: which subscriptions does this database have?
-- Privileges: none, for these columns. Oldest server: 13.
SELECT
    s.subname AS name
FROM
    pg_subscription AS s
WHERE
    s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
ORDER BY
    s.subname
