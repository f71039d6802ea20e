-- Answers: is this a standby, and of which database?
-- Asked before a transaction that writes, for on a standby none can be begun.
-- Privileges: none. Oldest server: 13.
SELECT
    current_database()::text AS database,
    pg_is_in_recovery() AS in_recovery
