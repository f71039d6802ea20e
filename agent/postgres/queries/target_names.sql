-- Answers: which of these names lead to the tables that had them?
-- Privileges: USAGE on the schemas. Oldest server: 13.
SELECT
    named.oid
FROM
    unnest(%(oids)s::oid[], %(names)s::text[]) AS named (oid, name)
WHERE
    to_regclass(named.name) = named.oid
