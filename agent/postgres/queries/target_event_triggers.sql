-- Answers: what does ALTER SEQUENCE set off, whatever the sequence?
-- Those that fire on replicas only are told too: whether they fire hangs on a setting.
-- Privileges: none. Oldest server: 13.
SELECT
    e.evtname AS name,
    e.evtevent AS event,
    coalesce(e.evttags, '{}') AS tags,
    e.evtfoid AS function_oid,
    e.evtenabled::text AS mode
FROM
    pg_event_trigger AS e
WHERE
    e.evtenabled <> 'D'
    AND e.evtevent IN ('ddl_command_start', 'ddl_command_end')
    AND (e.evttags IS NULL OR 'ALTER SEQUENCE' = ANY(e.evttags))
ORDER BY
    e.evtname
