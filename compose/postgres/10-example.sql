-- The role that the agent connects as, and some sequences to look at.
CREATE ROLE sequence_agent LOGIN PASSWORD 'agent';
ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO sequence_agent;

CREATE TABLE customers (id bigserial PRIMARY KEY, name text);
INSERT INTO customers (name) SELECT 'somebody' FROM generate_series(1, 1000);

-- Near the end of its integer column, though its sequence is wider.
CREATE TABLE events (id integer PRIMARY KEY, what text);
CREATE SEQUENCE events_id_seq OWNED BY events.id;
ALTER TABLE events ALTER COLUMN id SET DEFAULT nextval('events_id_seq');
SELECT setval('events_id_seq', 1800000000);

-- Exhausted.
CREATE SEQUENCE tickets_seq MAXVALUE 9999;
SELECT setval('tickets_seq', 9999);
