-- Answers: what are these functions called, whose are they, and what do they do?
-- The definition is a hash of all that the catalog has of a function but who may call it
-- and what it is thought to cost. As bytes, for a text need not be valid in UTF-8;
-- chr(92) is a backslash, which decode() would take for the begin of an escape.
-- Privileges: none. Oldest server: 13.
SELECT
    p.oid,
    p.oid::regprocedure::text AS signature,
    quote_ident(pg_get_userbyid(p.proowner)) AS owner,
    encode(
        sha256(
            decode(
                replace(
                    (to_jsonb(p) - '{proacl,procost,prorows}'::text[])::text,
                    chr(92),
                    chr(92) || chr(92)
                ),
                'escape'
            )
        ),
        'hex'
    ) AS definition
FROM
    pg_proc AS p
WHERE
    p.oid = ANY(%(oids)s::oid[])
ORDER BY
    p.oid
