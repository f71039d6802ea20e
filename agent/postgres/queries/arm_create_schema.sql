-- Makes the schema that a reset target keeps; it belongs to whoever arms.
-- Privileges: CREATE on the database. Oldest server: 13.
CREATE SCHEMA sequence_agent
