-- In the manner of a service for pipelines: references to itself, an old narrow column that
-- was left beside its wide successor, tables that inherit.
CREATE TABLE teams (id serial PRIMARY KEY, name text);
CREATE TABLE pipelines (id serial PRIMARY KEY, team_id integer REFERENCES teams, parent_build_id integer);
CREATE TABLE jobs (id serial PRIMARY KEY, pipeline_id integer REFERENCES pipelines);
CREATE TABLE builds (id_old integer, id bigserial PRIMARY KEY, job_id integer REFERENCES jobs, rerun_of_old integer REFERENCES builds (id), rerun_of bigint REFERENCES builds (id));
CREATE TABLE build_events (event_id integer, build_id bigint REFERENCES builds (id), payload text);
CREATE TABLE team_build_events_1 () INHERITS (build_events);
CREATE TABLE pipeline_build_events_2 () INHERITS (build_events);
CREATE TABLE resources (id serial PRIMARY KEY, pipeline_id integer);
CREATE TABLE scopes (id bigint PRIMARY KEY, resource_id integer REFERENCES resources);
CREATE SEQUENCE scopes_id_seq AS integer OWNED BY scopes.id;
ALTER TABLE scopes ALTER id SET DEFAULT nextval('scopes_id_seq');
CREATE TABLE versions (id bigserial PRIMARY KEY, scope_id bigint REFERENCES scopes);
CREATE TABLE volumes (id serial PRIMARY KEY, parent_id integer REFERENCES volumes (id));
CREATE TABLE containers (id serial PRIMARY KEY);
CREATE SEQUENCE config_version_seq; CREATE SEQUENCE check_build_seq;
-- Inheritance: the child takes the default of its parent, one has one of its own.
CREATE TABLE readings (id serial PRIMARY KEY, at timestamptz);
CREATE TABLE readings_1 (PRIMARY KEY (id)) INHERITS (readings);
CREATE TABLE readings_2 (PRIMARY KEY (id)) INHERITS (readings);
CREATE SEQUENCE readings_2_seq;
ALTER TABLE readings_2 ALTER id SET DEFAULT nextval('readings_2_seq');
-- Numbered by a trigger, which the catalog does not tell.
CREATE SEQUENCE worker_seq;
CREATE TABLE workers (id integer PRIMARY KEY, name text);
CREATE FUNCTION number_worker() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := nextval(''public.worker_seq''); RETURN NEW; END';
CREATE TRIGGER numbers BEFORE INSERT ON workers FOR EACH ROW EXECUTE FUNCTION number_worker();
CREATE TABLE owned_by_trigger (id integer PRIMARY KEY, name text);
CREATE SEQUENCE owned_by_trigger_id_seq OWNED BY owned_by_trigger.id;
CREATE TRIGGER numbers BEFORE INSERT ON owned_by_trigger FOR EACH ROW EXECUTE FUNCTION number_worker();
