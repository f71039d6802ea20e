-- In the manner of a picture board: keys that were widened one by one, some half way.
CREATE TABLE people (id serial PRIMARY KEY, name text UNIQUE);
CREATE TABLE pictures (id serial PRIMARY KEY, uploader_id integer REFERENCES people, parent_id integer REFERENCES pictures, score integer DEFAULT 0);
CREATE TABLE picture_versions (id bigserial PRIMARY KEY, picture_id integer REFERENCES pictures);
CREATE TABLE picture_swaps (id bigserial PRIMARY KEY, picture_id integer, asset_id integer, old_asset_id integer);
CREATE TABLE assets (id bigserial PRIMARY KEY, md5 text UNIQUE);
CREATE TABLE asset_variants (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, asset_id bigint REFERENCES assets);
CREATE TABLE words (id serial PRIMARY KEY, name text UNIQUE, uses integer DEFAULT 0);
CREATE TABLE word_links (id serial PRIMARY KEY, from_id integer REFERENCES words, to_id integer REFERENCES words);
CREATE TABLE remarks (id serial PRIMARY KEY, picture_id integer REFERENCES pictures, person_id integer REFERENCES people);
CREATE TABLE remark_votes (id serial PRIMARY KEY, remark_id integer REFERENCES remarks, person_id integer, UNIQUE (remark_id, person_id));
CREATE TABLE favourites (id bigint NOT NULL, picture_id integer, person_id integer, UNIQUE (person_id, picture_id));
CREATE SEQUENCE favourites_id_seq AS integer OWNED BY favourites.id;
ALTER TABLE favourites ALTER id SET DEFAULT nextval('favourites_id_seq');
CREATE UNIQUE INDEX ON favourites (id);
CREATE TABLE visits (id bigserial PRIMARY KEY, person_id integer REFERENCES people);
CREATE TABLE visit_events (id bigserial PRIMARY KEY, visit_id integer REFERENCES visits (id), kind text);
CREATE TABLE pools (id serial PRIMARY KEY, name text, picture_ids integer[] DEFAULT '{}');
CREATE TABLE bans (id serial PRIMARY KEY, person_id integer REFERENCES people, until timestamptz);
CREATE TABLE jobs_waiting (id serial, what text);
-- The serial stayed integer when its column was widened.
CREATE TABLE requests (id serial PRIMARY KEY, words text);
ALTER TABLE requests ALTER id TYPE bigint;
-- An index, but none that a question for the greatest value can use.
CREATE TABLE moderations (id bigserial, closed boolean DEFAULT false);
CREATE INDEX ON moderations (id) WHERE NOT closed;
CREATE TABLE searches (id bigserial, said text);
CREATE INDEX ON searches USING hash (id);
CREATE TABLE rankings (day date DEFAULT now(), id serial, PRIMARY KEY (day, id));
