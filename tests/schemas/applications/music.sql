-- In the manner of an encyclopedia of music: the same shapes again and again, in many
-- schemas, with names that need quotes.
DO $$
DECLARE
  thing text; part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['music', 'documentation', 'statistics', 'cover art', 'Wikidata'] LOOP
    EXECUTE format('CREATE SCHEMA %I', part);
    FOREACH thing IN ARRAY ARRAY['artist', 'release', 'recording', 'label', 'place', 'work', 'series'] LOOP
      EXECUTE format('CREATE TABLE %I.%I (id serial PRIMARY KEY, gid uuid, name text)', part, thing);
      EXECUTE format('CREATE TABLE %I.%I (id serial, source integer REFERENCES %I.%I, target integer, PRIMARY KEY (id))', part, 'l_' || thing || '_url', part, thing);
    END LOOP;
  END LOOP;
END $$;
CREATE TABLE music."alias ""odd""" ("Id" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, artist integer REFERENCES music.artist);
CREATE TABLE music.edit (id serial PRIMARY KEY, status smallint);
CREATE TABLE music.edit_note (id serial PRIMARY KEY, edit integer REFERENCES music.edit, words text);
CREATE TABLE music."Groesse Mass" (id smallserial PRIMARY KEY, name text);
