-- Answers: which of these columns are there, must have a value, and have neither
-- default, identity nor trigger that gives them one? With the names of the sequences
-- that they had, quoted.
-- Privileges: none. Oldest server: 13.
SELECT
    lost.number::integer - 1 AS number,
    quote_ident(lost.sequence_schema) || '.' || quote_ident(lost.sequence_name) AS quoted,
    quote_ident(lost.sequence_schema) AS quoted_schema
FROM
    unnest(
        %(tables_schemas)s::text[],
        %(tables)s::text[],
        %(columns)s::text[],
        %(schemas)s::text[],
        %(names)s::text[]
    ) WITH ORDINALITY AS lost (
        table_schema, table_name, column_name, sequence_schema, sequence_name, number
    )
    INNER JOIN pg_namespace AS n ON n.nspname = lost.table_schema
    INNER JOIN pg_class AS c
        ON c.relnamespace = n.oid AND c.relname = lost.table_name AND c.relkind IN ('r', 'p')
    INNER JOIN pg_attribute AS a
        ON a.attrelid = c.oid AND a.attname = lost.column_name AND a.attnum > 0
    INNER JOIN pg_type AS t ON t.oid = a.atttypid
WHERE
    a.attnotnull
    AND NOT a.attisdropped
    AND NOT a.atthasdef
    AND a.attidentity = ''
    AND t.typdefaultbin IS NULL
    AND NOT EXISTS (
        SELECT
        FROM
            pg_trigger AS g
        WHERE
            g.tgrelid = c.oid
            AND NOT g.tgisinternal
            -- BEFORE INSERT FOR EACH ROW
            AND g.tgtype::integer & 7 = 7
    )
ORDER BY
    lost.number
