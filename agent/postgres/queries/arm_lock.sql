-- Answers: nothing; lets one administrator after the other arm or disarm this database.
-- Free again when the transaction ends. Privileges: none. Oldest server: 13.
SELECT
    pg_advisory_xact_lock(hashtextextended('sequence_agent:arm', 0))
