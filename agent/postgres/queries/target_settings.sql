-- Answers: which environment was this database, or a role in it, said to be?
-- What is stored counts. The setting of this session is told as well, for the server's
-- own files may say it; a connection string with options=-c sequence_agent.environment=...
-- can forge that one, but only add to what is stored.
-- Privileges: none. Oldest server: 13.
WITH stored AS (
    SELECT
        CASE
            WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'ALTER ROLE ALL SET'
            WHEN s.setrole = 0 THEN format('ALTER DATABASE %I SET', current_database())
            WHEN s.setdatabase = 0
                THEN format('ALTER ROLE %I SET', pg_get_userbyid(s.setrole))
            ELSE format(
                'ALTER ROLE %I IN DATABASE %I SET',
                pg_get_userbyid(s.setrole),
                current_database()
            )
        END AS statement,
        substr(c.entry, strpos(c.entry, '=') + 1) AS value
    FROM
        pg_db_role_setting AS s
        CROSS JOIN LATERAL unnest(s.setconfig) AS c (entry)
    WHERE
        lower(split_part(c.entry, '=', 1)) = 'sequence_agent.environment'
        AND (
            s.setdatabase = (
                SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()
            )
            OR s.setdatabase = 0
            AND (
                s.setrole = 0
                OR s.setrole IN (
                    SELECT r.oid
                    FROM pg_roles AS r
                    WHERE r.rolname IN (current_user, session_user)
                )
            )
        )
)

SELECT
    stored.statement,
    stored.value
FROM
    stored
UNION ALL
SELECT
    'the session has',
    session.value
FROM
    current_setting('sequence_agent.environment', TRUE) AS session (value)
WHERE
    session.value <> ''
    AND session.value NOT IN (SELECT stored.value FROM stored)
ORDER BY
    statement
