-- Answers: is no other run at work in this database? If so it is ours to the end of the
-- transaction; a lock of the session would not hold behind a transaction pooler.
-- Privileges: none. Oldest server: 13.
SELECT pg_try_advisory_xact_lock(hashtextextended('sequence_agent:run', 0)) AS yes
