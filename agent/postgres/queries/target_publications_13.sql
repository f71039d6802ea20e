-- Answers: what is published, and is TRUNCATE?
-- From the catalogs: the view pg_publication_tables locks every table it tells of.
-- Privileges: none. Oldest server: 13.
SELECT
    p.pubname AS name,
    p.pubtruncate AS truncates,
    array(
        SELECT c.oid
        FROM
            pg_class AS c
        WHERE
            c.relkind IN ('r', 'p')
            AND c.relpersistence = 'p'
            AND c.oid >= 16384
            AND p.pubtruncate
            AND (
                p.puballtables
                OR c.oid IN (
                    SELECT pr.prrelid FROM pg_publication_rel AS pr WHERE pr.prpubid = p.oid
                )
            )
        ORDER BY
            c.oid
    ) AS table_oids
FROM
    pg_publication AS p
ORDER BY
    p.pubname
