-- Takes from everybody but the owner what default privileges, or whoever made the empty
-- schema, gave away in the schema sequence_agent.
-- Privileges: the owner's. Oldest server: 13.
DO $do$
DECLARE
    grantee text;
BEGIN
    FOR grantee IN
        SELECT 'PUBLIC'
        UNION
        SELECT quote_ident(r.rolname)
        FROM pg_namespace AS n
        CROSS JOIN LATERAL (
            SELECT n.nspacl
            UNION ALL
            SELECT c.relacl FROM pg_class AS c WHERE c.relnamespace = n.oid
            UNION ALL
            SELECT p.proacl FROM pg_proc AS p WHERE p.pronamespace = n.oid
        ) AS given (acl)
        CROSS JOIN LATERAL aclexplode(given.acl) AS entry
        INNER JOIN pg_roles AS r ON r.oid = entry.grantee
        WHERE n.nspname = 'sequence_agent' AND entry.grantee <> n.nspowner
    LOOP
        EXECUTE 'REVOKE ALL ON SCHEMA sequence_agent FROM ' || grantee;
        EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA sequence_agent FROM ' || grantee;
        EXECUTE 'REVOKE ALL ON ALL ROUTINES IN SCHEMA sequence_agent FROM ' || grantee;
    END LOOP;
END
$do$
