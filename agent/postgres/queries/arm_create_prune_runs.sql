-- Makes the function by which the agent's role shortens the ledger, which it can do in no
-- other way: what is at work, the newest success and the newest 10,000 rows of a job stay,
-- unless they are older than 400 days.
-- Privileges: CREATE on the schema. Oldest server: 13.
CREATE FUNCTION sequence_agent.prune_runs()
RETURNS bigint
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
    WITH ranked AS (
        SELECT
            r.run_id,
            r.status,
            r.claimed_at,
            row_number() OVER newest AS place,
            row_number() OVER (PARTITION BY r.job, r.job_sha256, r.status ORDER BY r.claimed_at DESC)
                AS place_in_status
        FROM sequence_agent.job_run AS r
        WINDOW newest AS (PARTITION BY r.job, r.job_sha256 ORDER BY r.claimed_at DESC)
    ),
    gone AS (
        DELETE FROM sequence_agent.job_run AS r
        USING ranked
        WHERE
            r.run_id = ranked.run_id
            AND r.status <> 'claimed'
            AND NOT (ranked.status = 'succeeded' AND ranked.place_in_status = 1)
            AND (ranked.place > 10000 OR ranked.claimed_at < clock_timestamp() - interval '400 days')
        RETURNING 1
    )
    SELECT count(*) FROM gone
$body$
