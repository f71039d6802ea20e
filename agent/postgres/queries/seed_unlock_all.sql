-- Answers: nothing; gives back the advisory locks of the session, not of the transaction.
-- Privileges: none. Oldest server: 13.
SELECT pg_catalog.pg_advisory_unlock_all() AS nothing
