-- Answers: nothing; runs statements of a seed, one after another, which lie ready as a
-- JSON array. EXECUTE takes none that would end the transaction. Whatever the seed says,
-- it waits for no lock longer than what is set when this begins. When one fails, its
-- number is told before its error, which is left as it is.
-- Under the seed's own path, so everything in it is qualified.
-- Privileges: those of the statements. Oldest server: 13.
DO $seed$
DECLARE
    statements pg_catalog.text [] := ARRAY(
        SELECT s.statement
        FROM
            pg_catalog.json_array_elements_text(
                pg_catalog.current_setting('sequence_agent.seed')::pg_catalog.json
            ) WITH ORDINALITY AS s (statement, place)
        ORDER BY
            s.place
    );
    patience pg_catalog.text := pg_catalog.current_setting('lock_timeout');
    statement pg_catalog.text;
    number pg_catalog.int4 := 0;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        number := number OPERATOR(pg_catalog.+) 1;
        IF pg_catalog.current_setting('lock_timeout') OPERATOR(pg_catalog.<>) patience THEN
            PERFORM pg_catalog.set_config('lock_timeout', patience, TRUE);
        END IF;
        EXECUTE statement;
    END LOOP;
EXCEPTION
    WHEN query_canceled OR assert_failure OR OTHERS THEN
        RAISE INFO 'sequence_agent: statement %', number;
        RAISE;
END
$seed$
