-- In the manner of a federated forum: a function as the default of several columns, which
-- calls a sequence that no catalog ties to them; domains with defaults.
CREATE SEQUENCE change_me_seq;
CREATE FUNCTION change_me() RETURNS text LANGUAGE sql AS $$ SELECT 'http://change.me/' || nextval('public.change_me_seq') $$;
CREATE TABLE persons (id serial PRIMARY KEY, actor text NOT NULL DEFAULT change_me() UNIQUE, inbox text DEFAULT change_me());
CREATE TABLE communities (id serial PRIMARY KEY, actor text NOT NULL DEFAULT change_me() UNIQUE);
CREATE TABLE topics (id serial PRIMARY KEY, community_id integer REFERENCES communities);
CREATE TABLE comments (id serial PRIMARY KEY, topic_id integer REFERENCES topics, parent_id integer REFERENCES comments);
CREATE TABLE topic_likes (person_id integer REFERENCES persons, topic_id integer REFERENCES topics, PRIMARY KEY (person_id, topic_id));
CREATE TABLE sites (id serial PRIMARY KEY);
CREATE TABLE sent (id bigserial PRIMARY KEY, ap text);
CREATE TABLE received (id bigserial PRIMARY KEY, ap text);
CREATE TABLE languages (id serial PRIMARY KEY, code varchar(3));
CREATE SEQUENCE flags_seq; CREATE SEQUENCE nested_seq;
CREATE DOMAIN flag_id AS integer DEFAULT nextval('flags_seq');
CREATE DOMAIN short_id AS smallint;
CREATE DOMAIN nested_id AS short_id DEFAULT nextval('nested_seq');
CREATE TABLE flags (id flag_id PRIMARY KEY, other flag_id DEFAULT 0, word text);
CREATE TABLE nested (id nested_id PRIMARY KEY, word text);
CREATE TABLE narrow (id short_id PRIMARY KEY, word text);
CREATE SEQUENCE narrow_seq OWNED BY narrow.id;
ALTER TABLE narrow ALTER id SET DEFAULT nextval('narrow_seq');
CREATE TABLE custom (id serial PRIMARY KEY, word text);
-- A function of its own where the serial was: it may call it, or not.
CREATE FUNCTION own_id() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN nextval(''public.custom_id_seq''); END';
ALTER TABLE custom ALTER id SET DEFAULT own_id();
