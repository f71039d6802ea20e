-- Answers: which of these settings, that no extension declares, have a value?
-- pg_settings does not show them.
-- Privileges: none. Oldest server: 13.
SELECT
    n.name,
    pg_catalog.current_setting(n.name, TRUE) AS setting
FROM
    pg_catalog.unnest(%(names)s::pg_catalog.text []) AS n (name)
WHERE
    pg_catalog.current_setting(n.name, TRUE) IS NOT NULL
