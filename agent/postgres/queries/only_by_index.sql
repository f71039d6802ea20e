-- Answers: nothing; lets the transaction find rows by index or not at all, so that no
-- statistics from before a restore make it read a whole table.
-- Privileges: none. Oldest server: 13.
SELECT
    set_config('enable_seqscan', 'off', TRUE),
    set_config('enable_bitmapscan', 'off', TRUE),
    set_config('enable_sort', 'off', TRUE)
