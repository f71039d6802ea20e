-- In the manner of a server for messages: the application calls nextval and writes the
-- number into tables whose columns know nothing of it.
CREATE TABLE rooms (room text PRIMARY KEY, creator text);
CREATE TABLE events (stream_ordering bigint UNIQUE, event text PRIMARY KEY, room text REFERENCES rooms);
CREATE TABLE event_edges (event text, prev text, PRIMARY KEY (event, prev));
CREATE TABLE receipts (stream_id bigint, room text, who text, PRIMARY KEY (room, who));
CREATE TABLE presence (stream_id bigint, who text);
CREATE TABLE to_device (stream_id bigint, who text, body text);
CREATE TABLE account_data (stream_id bigint, who text, kind text);
CREATE TABLE push_rules (id bigint PRIMARY KEY, who text, rule text);
CREATE TABLE cache_calls (stream_id bigint, name text);
CREATE TABLE local_pictures (picture text PRIMARY KEY);
CREATE TABLE background (name text PRIMARY KEY, done boolean DEFAULT false);
CREATE TABLE state_groups (id bigint PRIMARY KEY, room text);
CREATE TABLE applied (id bigserial PRIMARY KEY, file text);
CREATE SEQUENCE events_stream_seq;
CREATE SEQUENCE backfill_stream_seq;
CREATE SEQUENCE receipts_seq;
CREATE SEQUENCE presence_seq;
CREATE SEQUENCE to_device_seq CACHE 10;
CREATE SEQUENCE account_data_seq;
CREATE SEQUENCE push_rules_seq AS integer;
CREATE SEQUENCE cache_calls_seq;
CREATE SEQUENCE state_group_seq OWNED BY state_groups.id;
CREATE SEQUENCE oldest_seq;
CREATE TABLE oldest (id integer NOT NULL DEFAULT nextval(('oldest_seq'::text)::regclass), word text);
-- used
INSERT INTO rooms SELECT 'r' || n FROM generate_series(1, 3) AS n;
INSERT INTO events SELECT nextval('events_stream_seq'), 'e' || n, 'r1' FROM generate_series(1, 40) AS n;
INSERT INTO receipts SELECT nextval('receipts_seq'), 'r1', 'w' || n FROM generate_series(1, 9) AS n;
INSERT INTO to_device SELECT nextval('to_device_seq'), 'w', '' FROM generate_series(1, 9);
SELECT nextval('state_group_seq') FROM generate_series(1, 20);
