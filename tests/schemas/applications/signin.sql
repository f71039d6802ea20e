-- In the manner of a service for signing in: uuids mostly, row-level security on all, some
-- of it forced; and a table whose index runs a function of a stranger.
CREATE SCHEMA auth;
DO $$
DECLARE
  thing text;
BEGIN
  FOREACH thing IN ARRAY ARRAY['people', 'identities', 'sessions', 'factors', 'challenges', 'claims', 'providers', 'domains'] LOOP
    EXECUTE format('CREATE TABLE auth.%s (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), person uuid, at timestamptz)', thing);
    EXECUTE format('ALTER TABLE auth.%s ENABLE ROW LEVEL SECURITY', thing);
  END LOOP;
  FOREACH thing IN ARRAY ARRAY['refresh_tokens', 'audit', 'hooks', 'flows'] LOOP
    EXECUTE format('CREATE TABLE auth.%s (id bigserial PRIMARY KEY, token text, person uuid)', thing);
    EXECUTE format('ALTER TABLE auth.%s ENABLE ROW LEVEL SECURITY', thing);
  END LOOP;
END $$;
CREATE POLICY everybody ON auth.audit USING (true);
ALTER TABLE auth.hooks FORCE ROW LEVEL SECURITY;
CREATE TABLE auth.migrations (version text PRIMARY KEY);
CREATE TABLE notes (id serial PRIMARY KEY, person uuid);
CREATE TABLE secrets (id serial PRIMARY KEY, hidden boolean DEFAULT false, name text);
CREATE FUNCTION of_a_stranger(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE INDEX ON secrets (name) WHERE of_a_stranger(name);
ALTER FUNCTION of_a_stranger(text) OWNER TO stranger;
