-- Answers: where do these sequences stand that were not called? By oid: a name may lead
-- elsewhere. Calls each and puts it back, so only for sequences whose files are of this
-- transaction's own making: there neither is seen by others, nor outlives a rollback.
-- Privileges: UPDATE on the sequence. Oldest server: 13.
SELECT
    own.oid,
    pg_catalog.setval(own.oid, pg_catalog.nextval(own.oid), FALSE) AS last_value,
    FALSE AS is_called
FROM
    pg_catalog.unnest(%(oids)s::pg_catalog.oid []) AS own (oid)
