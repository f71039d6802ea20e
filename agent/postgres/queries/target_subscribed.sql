-- Answers: which tables does a subscription fill?
-- Names come from the view: before 14 not everybody may read the oid of a subscription.
-- Privileges: none. Oldest server: 13.
SELECT
    r.srrelid AS table_oid,
    coalesce(max(s.subname), r.srsubid::text) AS subscription
FROM
    pg_subscription_rel AS r
    LEFT JOIN pg_stat_subscription AS s ON s.subid = r.srsubid
GROUP BY
    r.srrelid,
    r.srsubid
ORDER BY
    r.srrelid
