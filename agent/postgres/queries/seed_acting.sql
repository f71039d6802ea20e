-- Answers: nothing; makes the session act for whom it did.
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.set_config('session_authorization', %(login)s, FALSE) AS login,
    pg_catalog.set_config('role', %(role)s, FALSE) AS role
