-- Answers: could this role write the marker, by itself or as one of the roles that it is
-- a member of (SET ROLE counts), and why? No row: it could not.
-- Up to PostgreSQL 15, CREATEROLE may join any role but superusers.
-- Privileges: none. Oldest server: 13.
SELECT
    r.rolname::text AS through,
    r.oid = asked.oid AS itself,
    reason.because
FROM
    pg_namespace AS n
    INNER JOIN pg_class AS marker
        ON marker.relnamespace = n.oid AND marker.relname = 'environment'
    INNER JOIN pg_roles AS asked ON asked.rolname::text = %(role)s::text
    INNER JOIN pg_roles AS r ON pg_has_role(asked.oid, r.oid, 'MEMBER')
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN r.rolsuper THEN 'is a superuser'
                WHEN r.oid = n.nspowner THEN 'owns the schema sequence_agent'
                WHEN r.rolname IN ('pg_execute_server_program', 'pg_write_server_files')
                    THEN 'may write files of the server'
                WHEN
                    r.rolcreaterole
                    AND current_setting('server_version_num')::integer < 160000
                    THEN 'may become a member of other roles (CREATEROLE)'
                WHEN
                    has_schema_privilege(r.oid, n.oid, 'CREATE')
                    OR has_any_column_privilege(r.oid, marker.oid, 'INSERT, UPDATE')
                    OR has_table_privilege(
                        r.oid, marker.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER'
                    )
                    THEN 'may write to the schema sequence_agent'
            END
    ) AS reason (because)
    -- Privileges on tables are told of whoever inherits them, too: name where they come
    -- from. Of all else the role itself is named first.
    CROSS JOIN LATERAL (
        SELECT starts_with(reason.because, 'may write to the schema')
    ) AS told (inherited)
WHERE
    n.nspname = 'sequence_agent'
    AND reason.because IS NOT NULL
ORDER BY
    told.inherited,
    told.inherited = (r.oid = asked.oid),
    through
LIMIT 1
