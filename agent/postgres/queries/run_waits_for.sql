-- Answers: what does a backend of ours wait for?
-- Privileges: none, for backends of the same role. Oldest server: 13.
SELECT a.wait_event
FROM
    pg_stat_get_activity(%(backend_pid)s) AS a
