-- In the manner of a monitor with a relational store: many small serial tables, one of which
-- has a single row that was put there with an id and is only updated.
DO $$
DECLARE
  thing text;
BEGIN
  FOREACH thing IN ARRAY ARRAY['instances', 'hosts', 'services', 'contacts', 'commands', 'downtimes', 'objects', 'state_changes', 'notices', 'checks', 'flaps', 'programs'] LOOP
    EXECUTE format('CREATE TABLE w_%s (%s_id bigserial PRIMARY KEY, instance_id bigint DEFAULT 0, at timestamptz)', thing, thing);
  END LOOP;
END $$;
CREATE TABLE w_version (version_id bigserial PRIMARY KEY, name text, version text);
CREATE TABLE w_members (member_id bigserial, host_id bigint DEFAULT 0, PRIMARY KEY (member_id));
INSERT INTO w_version (version_id, name, version) VALUES (1, 'store', '1.14');
