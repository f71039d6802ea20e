-- Answers: what is in the schema sequence_agent, and is it the schema's owner's, or a
-- superuser's, who may have filled a schema that another one had made?
-- Whatever belongs to a schema depends on it, of any kind; indexes, constraints and row
-- types depend on their table instead. pg_identify_object does not translate.
-- Privileges: none. Oldest server: 13.
SELECT
    object.type || ' ' || object.identity AS identity,
    coalesce(c.relowner, p.proowner, n.nspowner) = n.nspowner
        OR coalesce(o.rolsuper, FALSE) AS owners
FROM
    pg_namespace AS n
    INNER JOIN pg_depend AS d
        ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
    CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS object
    LEFT JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
    LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
    LEFT JOIN pg_roles AS o ON o.oid = coalesce(c.relowner, p.proowner)
WHERE
    n.nspname = 'sequence_agent'
ORDER BY
    identity
