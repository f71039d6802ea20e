-- Answers: in which ways could we write the marker, and so arm ourselves?
-- By ourselves or as any role that we are a member of, for SET ROLE counts. Asked of
-- the role that logged in as well as of the current one: options=-c role=... in a
-- connection string puts on a role that RESET ROLE takes off again. Up to PostgreSQL
-- 15, CREATEROLE may join any role but superusers.
-- Privileges: none. Oldest server: 13.
WITH asked AS (
    SELECT
        r.oid,
        r.rolname,
        r.rolsuper
    FROM
        pg_roles AS r
    WHERE
        r.rolname IN (current_user, session_user)
),
guarded AS (
    SELECT
        n.nspowner AS owner_oid,
        'the schema sequence_agent' AS what
    FROM
        pg_namespace AS n
    WHERE
        n.nspname = 'sequence_agent'
    UNION ALL
    SELECT
        c.relowner,
        'sequence_agent.environment'
    FROM
        pg_class AS c
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE
        n.nspname = 'sequence_agent'
        AND c.relname = 'environment'
    UNION ALL
    SELECT
        p.proowner,
        format('the function sequence_agent.%I', p.proname)
    FROM
        pg_proc AS p
        INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE
        n.nspname = 'sequence_agent'
),
worn AS (
    SELECT
        asked.rolname::text AS role,
        r.oid,
        CASE WHEN r.oid <> asked.oid THEN format(' as a member of %I', r.rolname) END AS through,
        r.rolsuper,
        r.rolname,
        r.rolcreaterole
    FROM
        asked
        INNER JOIN pg_roles AS r
            ON
                r.oid = asked.oid
                OR NOT asked.rolsuper
                AND pg_has_role(asked.oid, r.oid, 'MEMBER')
),
way AS (
    SELECT
        w.role,
        w.through,
        'is a superuser' AS how
    FROM
        worn AS w
    WHERE
        w.rolsuper
    UNION
    SELECT
        w.role,
        w.through,
        'may write files of the server'
    FROM
        worn AS w
    WHERE
        w.rolname IN ('pg_execute_server_program', 'pg_write_server_files')
    UNION
    SELECT
        w.role,
        w.through,
        'may become a member of other roles (CREATEROLE)'
    FROM
        worn AS w
    WHERE
        w.rolcreaterole
        AND NOT w.rolsuper
        AND current_setting('server_version_num')::integer < 160000
    UNION
    SELECT
        w.role,
        w.through,
        'owns ' || g.what
    FROM
        worn AS w
        INNER JOIN guarded AS g ON g.owner_oid = w.oid
    WHERE
        NOT w.rolsuper
    UNION
    SELECT
        w.role,
        w.through,
        'may write to the schema sequence_agent'
    FROM
        worn AS w
        INNER JOIN pg_namespace AS n ON n.nspname = 'sequence_agent'
        LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'environment'
    WHERE
        NOT w.rolsuper
        AND w.oid NOT IN (SELECT guarded.owner_oid FROM guarded)
        AND (
            has_schema_privilege(w.oid, n.oid, 'CREATE')
            OR has_any_column_privilege(w.oid, c.oid, 'INSERT, UPDATE')
            OR has_table_privilege(
                w.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER'
            )
        )
)

SELECT
    concat(quote_ident(way.role), way.through, ' ', way.how) AS way
FROM
    way
ORDER BY
    way
