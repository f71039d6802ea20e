-- Answers: nothing; sets settings to the end of the transaction, and those without a
-- value to what they are by default.
-- Privileges: none. Oldest server: 13.
SELECT pg_catalog.count(pg_catalog.set_config(s.key, s.value, TRUE)) AS settings
FROM
    pg_catalog.json_each_text(%(settings)s::pg_catalog.json) AS s
