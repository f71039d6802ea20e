-- Writes down which layout the schema sequence_agent has now.
-- Privileges: the owner's. Oldest server: 13.
INSERT INTO sequence_agent.version (number)
VALUES (%(number)s)
ON CONFLICT (singleton) DO UPDATE SET
    number = excluded.number,
    reached_at = excluded.reached_at
