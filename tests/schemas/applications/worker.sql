-- In the manner of a worker of Citus: ids of tables are made by the coordinator, sequences
-- here are there for nothing, at their end on purpose or in a range of this node.
CREATE SCHEMA nodes;
CREATE FUNCTION nodes.worker_nextval(regclass) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RAISE ''only on the coordinator''; END';
DO $$
DECLARE
  thing text;
BEGIN
  FOREACH thing IN ARRAY ARRAY['tenants', 'events', 'clicks', 'campaigns', 'adverts', 'impressions'] LOOP
    EXECUTE format('CREATE SEQUENCE %s_id_seq AS integer', thing);
    EXECUTE format('CREATE TABLE %s (id integer DEFAULT nodes.worker_nextval(%L), tenant_id bigint DEFAULT 1 NOT NULL, PRIMARY KEY (tenant_id, id))', thing, thing || '_id_seq');
    EXECUTE format('ALTER SEQUENCE %s_id_seq OWNED BY %s.id', thing, thing);
    PERFORM setval((thing || '_id_seq')::regclass, 2147483647);
  END LOOP;
END $$;
-- A range of this node only: rows of other nodes lie below it.
CREATE SEQUENCE visits_id_seq MINVALUE 281474976710657 MAXVALUE 562949953421313 START 281474976710657;
CREATE TABLE visits (id bigint PRIMARY KEY DEFAULT nextval('visits_id_seq'), url text);
ALTER SEQUENCE visits_id_seq OWNED BY visits.id;
CREATE TABLE shards (shardid bigint PRIMARY KEY, minvalue text);
CREATE TABLE placements (placementid bigint PRIMARY KEY, shardid bigint REFERENCES shards);
CREATE SEQUENCE nodes.shardid_seq MINVALUE 102008 NO CYCLE;
CREATE SEQUENCE nodes.placementid_seq;
CREATE TABLE visits_102010 (id bigint, url text);
CREATE TABLE visits_102011 (id bigint, url text);
-- used
INSERT INTO visits SELECT n FROM generate_series(1, 10) AS n;
