-- Answers: where do these sequences stand, as far as a function can tell?
-- pg_sequence_last_value says NULL for a sequence that was not called: those are then
-- read one by one. It holds a RowExclusiveLock on each until the transaction ends.
-- No join with pg_class: with statistics that are out of date, as after the creation of
-- thousands of sequences, it would be read whole for every batch.
-- Privileges: any; `permitted` (NULL for what is not there) tells. Oldest server: 13.
SELECT
    wanted.oid,
    has_sequence_privilege(wanted.oid, 'SELECT')
        AND has_schema_privilege(
            (SELECT c.relnamespace FROM pg_class AS c WHERE c.oid = wanted.oid), 'USAGE'
        ) AS selectable,
    has_sequence_privilege(wanted.oid, 'USAGE, SELECT') AS permitted,
    CASE
        WHEN has_sequence_privilege(wanted.oid, 'USAGE, SELECT')
            THEN pg_sequence_last_value(wanted.oid)
    END AS last_value,
    TRUE AS is_called
FROM
    unnest(%(oids)s::oid[]) AS wanted (oid)
