-- Answers: where do these sequences stand that were called? NULL for all others.
-- Privileges: SELECT or USAGE; NULL without. Oldest server: 13.
SELECT
    wanted.oid,
    CASE
        WHEN pg_catalog.has_sequence_privilege(wanted.oid, 'USAGE, SELECT')
            THEN pg_catalog.pg_sequence_last_value(wanted.oid)
    END AS last_value,
    TRUE AS is_called
FROM
    pg_catalog.unnest(%(oids)s::pg_catalog.oid []) AS wanted (oid)
