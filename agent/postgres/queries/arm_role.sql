-- Answers: is there a role of this name? Compared as text: a name would be cut to 63 bytes.
-- Privileges: none. Oldest server: 13.
SELECT
    r.rolname::text AS role
FROM
    pg_roles AS r
WHERE
    r.rolname::text = %(role)s::text
