-- Answers: which claimed ticks, of one job or of all, has nobody at work any more? They had no effect, since
-- success is written with the effect. A row that is locked is being worked on; between
-- its transactions a run says every few seconds that it goes on. Which backend that had
-- says nothing: behind a pooler it outlives its client.
-- Privileges: SELECT and UPDATE on the ledger. Oldest server: 13.
UPDATE sequence_agent.job_run AS r
SET
    status = 'lost',
    reason = 'the agent or the server went away; nothing was changed',
    finished_at = clock_timestamp()
WHERE
    r.run_id IN (
        SELECT c.run_id
        FROM
            sequence_agent.job_run AS c
        WHERE
            c.status = 'claimed'
            AND c.job = coalesce(%(job)s, c.job)
            AND c.seen_at < clock_timestamp() - make_interval(secs => %(silence)s)
        FOR UPDATE SKIP LOCKED
    )
    AND r.status = 'claimed'
RETURNING
    r.run_id,
    r.job,
    r.trigger,
    r.scheduled_for
