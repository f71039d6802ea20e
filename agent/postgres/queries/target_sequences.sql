-- Answers: whose is each sequence, and could we restart it?
-- Restarting needs ownership, or membership in the owner, and USAGE on the schema; no
-- privilege on the sequence is enough.
-- Privileges: none. Oldest server: 13.
SELECT
    c.oid,
    quote_ident(pg_get_userbyid(c.relowner)) AS owner,
    r.rolsuper AS owner_is_superuser,
    pg_has_role(c.relowner, 'USAGE') AS ours,
    has_schema_privilege(c.relnamespace, 'USAGE') AS reachable,
    e.extname AS extension
FROM
    pg_class AS c
    INNER JOIN pg_roles AS r ON r.oid = c.relowner
    LEFT JOIN pg_depend AS d
        ON
            d.classid = 'pg_class'::regclass
            AND d.objid = c.oid
            AND d.objsubid = 0
            AND d.refclassid = 'pg_extension'::regclass
            AND d.deptype = 'e'
    LEFT JOIN pg_extension AS e ON e.oid = d.refobjid
WHERE
    c.relkind = 'S'
    AND c.relpersistence <> 't'
