-- Answers: may this role read which tables subscriptions fill? Everybody may, unless an
-- administrator took it away; then not to ask leaves no error in the server's log.
-- Privileges: none. Oldest server: 13.
SELECT
    has_table_privilege('pg_catalog.pg_subscription_rel', 'SELECT')
    AND has_table_privilege('pg_catalog.pg_stat_subscription', 'SELECT') AS readable
