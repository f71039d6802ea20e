-- Answers: who keeps what is changed in this database, to read it later?
-- Privileges: none. Oldest server: 13.
SELECT
    s.slot_name AS name
FROM
    pg_replication_slots AS s
WHERE
    s.database = current_database()
ORDER BY
    s.slot_name
