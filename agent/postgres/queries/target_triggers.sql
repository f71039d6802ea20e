-- Answers: what does TRUNCATE set off, and on which tables?
-- Those that fire on replicas only are told too: whether they fire hangs on a setting.
-- Privileges: none. Oldest server: 13.
SELECT
    t.tgrelid AS table_oid,
    t.tgname AS name,
    t.tgfoid AS function_oid,
    t.tgenabled::text AS mode
FROM
    pg_trigger AS t
WHERE
    NOT t.tgisinternal
    AND t.tgenabled <> 'D'
    -- TRIGGER_TYPE_TRUNCATE in PostgreSQL's src/include/catalog/pg_trigger.h.
    AND t.tgtype & 32 <> 0
ORDER BY
    t.tgrelid,
    t.tgname
