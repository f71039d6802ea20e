-- Answers: of how many of these sequences is the last value known? Asked for what it
-- leaves behind: a lock on each, by its oid and to the end of the transaction, that lets
-- others call nextval, and keeps them from renaming, altering or dropping it.
-- Privileges: SELECT or USAGE on a sequence, or it is left as it is. Oldest server: 13.
SELECT
    pg_catalog.count(
        CASE
            WHEN pg_catalog.has_sequence_privilege(wanted.oid, 'USAGE, SELECT')
                THEN pg_catalog.pg_sequence_last_value(wanted.oid)
        END
    ) AS known
FROM
    pg_catalog.unnest(%(oids)s::pg_catalog.oid []) AS wanted (oid)
