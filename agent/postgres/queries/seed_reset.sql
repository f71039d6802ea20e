-- Answers: nothing; takes back all that was set in the session, and sets what lies ready
-- as a JSON object. In one statement: until then the client's encoding may be another.
-- Privileges: none. Oldest server: 13.
DO $seed$
DECLARE
    kept pg_catalog.json := pg_catalog.current_setting('sequence_agent.seed')::pg_catalog.json;
BEGIN
    RESET ALL;
    PERFORM pg_catalog.set_config(k.key, k.value, FALSE)
    FROM
        pg_catalog.json_each_text(kept) AS k
    WHERE
        pg_catalog.current_setting(k.key, TRUE) IS NULL
        OR pg_catalog.current_setting(k.key, TRUE) OPERATOR(pg_catalog.<>) k.value;
END
$seed$
