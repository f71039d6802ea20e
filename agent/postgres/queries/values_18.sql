-- Answers: where do these sequences stand?
-- pg_get_sequence_data leaves no lock behind and answers NULL instead of failing. It
-- needs SELECT; with USAGE alone pg_sequence_last_value still gives a value, but not
-- what a sequence that was not called would return.
-- No join with pg_class: with statistics that are out of date, as after the creation of
-- thousands of sequences, it would be read whole for every batch.
-- Privileges: any; `permitted` (NULL for what is not there) tells. Oldest server: 18.
SELECT
    wanted.oid,
    has_sequence_privilege(wanted.oid, 'SELECT') AS selectable,
    has_sequence_privilege(wanted.oid, 'USAGE, SELECT') AS permitted,
    CASE
        WHEN has_sequence_privilege(wanted.oid, 'SELECT') THEN data.last_value
        WHEN has_sequence_privilege(wanted.oid, 'USAGE')
            THEN pg_sequence_last_value(wanted.oid)
    END AS last_value,
    CASE
        WHEN has_sequence_privilege(wanted.oid, 'SELECT') THEN data.is_called
        ELSE TRUE
    END AS is_called
FROM
    unnest(%(oids)s::oid[]) AS wanted (oid)
    LEFT JOIN LATERAL pg_get_sequence_data(wanted.oid) AS data ON TRUE
