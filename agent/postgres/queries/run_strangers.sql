-- Answers: how many ticks of the last day belong to another job of the same name? Those
-- from before this job's first tick are of a former version of it.
-- Privileges: SELECT on the ledger. Oldest server: 13.
SELECT count(*) AS rows
FROM
    sequence_agent.job_run AS r
WHERE
    r.job = %(job)s
    AND r.job_sha256 NOT IN (%(job_sha256)s, '')
    AND r.trigger = 'schedule'
    AND r.claimed_at > clock_timestamp() - interval '1 day'
    AND r.claimed_at > (
        SELECT min(own.claimed_at)
        FROM sequence_agent.job_run AS own
        WHERE own.job = %(job)s AND own.job_sha256 = %(job_sha256)s
    )
