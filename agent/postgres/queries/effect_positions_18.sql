-- Answers: where do these sequences stand? NULL for what is not there.
-- Privileges: SELECT; NULL without. Oldest server: 18.
SELECT
    wanted.oid,
    data.last_value,
    data.is_called
FROM
    pg_catalog.unnest(%(oids)s::pg_catalog.oid []) AS wanted (oid)
    LEFT JOIN LATERAL pg_catalog.pg_get_sequence_data(wanted.oid) AS data ON TRUE
