-- Answers: which settings does the server have, and is a backslash in a literal a
-- character like any other for a session that has set nothing?
-- Privileges: none. Oldest server: 13.
SELECT
    pg_catalog.array_agg(s.name) AS names,
    pg_catalog.bool_or(
        s.name OPERATOR(pg_catalog.=) 'standard_conforming_strings'
        AND s.reset_val OPERATOR(pg_catalog.=) 'on'
    ) AS conforming
FROM
    pg_catalog.pg_settings AS s
