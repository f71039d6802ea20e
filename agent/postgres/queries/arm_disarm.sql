-- Ends the arming, if there is one that has not ended by itself; waits for a reset that
-- holds the marker. Answers whether there was something to end.
-- Privileges: the owner's. Oldest server: 13.
UPDATE sequence_agent.environment AS e
SET
    armed_until = clock_timestamp()
WHERE
    e.armed_until > clock_timestamp()
RETURNING
    TRUE AS ended
