-- Answers: whose is the schema sequence_agent, and is it safe to write into? No row: it
-- is not there.
-- Its owner may have put triggers or constraints there, which run with the rights of
-- whoever writes: only the owner itself, and a superuser what a superuser owns, may.
-- Privileges: none. Oldest server: 13.
SELECT
    o.rolname::text AS owner,
    o.rolname = current_user
        OR (o.rolsuper AND pg_has_role(o.oid, 'USAGE')) AS trusted
FROM
    pg_namespace AS n
    INNER JOIN pg_roles AS o ON o.oid = n.nspowner
WHERE
    n.nspname = 'sequence_agent'
