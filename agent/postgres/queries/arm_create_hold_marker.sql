-- Makes the function by which a reset holds the marker to its own end: whoever disarms
-- meanwhile waits, and if disarming came first, its row is what the reset gets.
-- FOR SHARE needs more than SELECT, hence SECURITY DEFINER. Compare armed_until with
-- clock_timestamp(): now() may be older than a disarming that came in between.
-- Privileges: CREATE on the schema. Oldest server: 13.
CREATE FUNCTION sequence_agent.hold_marker()
RETURNS SETOF sequence_agent.environment
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
ROWS 1
AS $body$
    SELECT e.* FROM sequence_agent.environment AS e FOR SHARE
$body$
