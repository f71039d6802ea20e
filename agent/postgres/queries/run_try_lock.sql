-- Answers: may this run go on? Neither another run of the same job nor, if not, another
-- job may be at work in this database. What is ours is so to the end of the transaction;
-- a lock of the session would not hold behind a transaction pooler.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_try_advisory_xact_lock(hashtextextended('sequence_agent:job:' || %(job_sha256)s, 0))
        AS job_is_free,
    pg_try_advisory_xact_lock(hashtextextended('sequence_agent:run', 0))
        AS database_is_free
