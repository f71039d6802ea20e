-- Answers: which settings were set in this session or transaction, to what, and what
-- would they be otherwise? The transaction's own mode is none that could be put back.
-- Asked before anything else in the transaction, so everything in it is qualified.
-- Privileges: none. Oldest server: 13.
SELECT
    s.name,
    s.setting,
    s.reset_val AS plain
FROM
    pg_catalog.pg_settings AS s
WHERE
    s.source OPERATOR(pg_catalog.=) 'session'
    AND s.name OPERATOR(pg_catalog.<>) ALL (
        ARRAY[
            'transaction_isolation',
            'transaction_read_only',
            'transaction_deferrable'
        ]
    )
