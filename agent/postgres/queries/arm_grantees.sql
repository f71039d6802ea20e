-- Answers: which roles may run resets here, as far as this schema is concerned?
-- Privileges: none. Oldest server: 13.
SELECT
    r.rolname::text AS role
FROM
    pg_proc AS p
    INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
    CROSS JOIN LATERAL aclexplode(p.proacl) AS entry
    INNER JOIN pg_roles AS r ON r.oid = entry.grantee
WHERE
    n.nspname = 'sequence_agent'
    AND p.proname = 'hold_marker'
    AND entry.privilege_type = 'EXECUTE'
    AND entry.grantee <> p.proowner
ORDER BY
    r.rolname
