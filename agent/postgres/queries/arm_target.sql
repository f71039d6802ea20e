-- Answers: as whom are we in which database, may we make a schema, and does anything
-- here say which environment this is?
-- Settings count that are made for the database or for all, in the catalog or in the
-- server's files; the catalog is asked as well because a DSN's options hide it.
-- Privileges: none. Oldest server: 13.
SELECT
    d.datname::text AS database,
    current_user::text AS role,
    pg_get_userbyid(d.datdba)::text AS owner,
    (SELECT r.rolsuper OR r.oid = d.datdba FROM pg_roles AS r WHERE r.rolname = current_user)
        AS administers,
    has_database_privilege(d.oid, 'CREATE') AS may_create,
    coalesce(shobj_description(d.oid, 'pg_database'), '') AS comment,
    ARRAY(
        SELECT
            substr(setting, strpos(setting, '=') + 1)
        FROM
            pg_db_role_setting AS s
            CROSS JOIN LATERAL unnest(s.setconfig) AS setting
        WHERE
            (s.setdatabase = d.oid OR (s.setdatabase = 0 AND s.setrole = 0))
            AND lower(split_part(setting, '=', 1)) = 'sequence_agent.environment'
    ) || coalesce(current_setting('sequence_agent.environment', TRUE), '')
        AS environments
FROM
    pg_database AS d
WHERE
    d.datname = current_database()
