"""What sampling needs: the positions of sequences, and nothing beyond."""

from __future__ import annotations

HEADER = """\
-- Lets one role read the position of every sequence of one database, and nothing else:
-- no row of any table. For pg-sequence-agent.
--
-- Run it in every database that is to be sampled, as a superuser or as the owner of the
-- database and of what is in it:
--
--     sequence-agent grants --role ROLE | psql -d DATABASE
--
-- and not within BEGIN and COMMIT: it commits after every thousand sequences.
--
-- It grants CONNECT on the database, USAGE on its schemas and SELECT on its sequences,
-- and alters the default privileges of all roles that exist now, so that the schemas and
-- sequences they create later are covered too. Run it again when a new role begins to
-- create schemas or sequences; running it twice does no harm.
--
-- On PostgreSQL 14 and newer, GRANT pg_read_all_data TO the role covers whatever anybody
-- creates, at a price: the role can then read every row of every table.
--
-- A role with default privileges needs DROP OWNED BY in this database before DROP ROLE."""

BODY = """\
DECLARE
  sampler CONSTANT name := @ROLE@;
  path_before CONSTANT text := pg_catalog.current_setting('search_path');
  sampler_oid oid;
  target record;
  granted int := 0;
  missing text;
BEGIN
  -- Whoever runs this may be a superuser: no function or operator that somebody has put
  -- into a schema on the search path may get in between.
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

  SELECT oid INTO sampler_oid FROM pg_roles WHERE rolname = sampler;
  IF sampler_oid IS NULL THEN
    RAISE EXCEPTION 'role % does not exist', quote_ident(sampler)
      USING HINT = format('Create it first: CREATE ROLE %I LOGIN;', sampler);
  END IF;

  -- What is there now. A privilege that the role holds is not granted again: that would
  -- rewrite the catalog and get in the way of whoever alters the sequence.
  IF has_database_privilege(current_database(), 'CONNECT WITH GRANT OPTION') THEN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), sampler);
  END IF;
  FOR target IN
    SELECT nspname AS schema
    FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
      AND has_schema_privilege(oid, 'USAGE WITH GRANT OPTION')
      AND NOT EXISTS (
        SELECT FROM aclexplode(nspacl)
        WHERE grantee = sampler_oid AND privilege_type = 'USAGE')
    ORDER BY nspname
  LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', target.schema, sampler);
  END LOOP;
  FOR target IN
    SELECT n.nspname AS schema, c.relname AS name
    FROM pg_sequence AS s
    JOIN pg_class AS c ON c.oid = s.seqrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND has_sequence_privilege(s.seqrelid, 'SELECT WITH GRANT OPTION')
      AND NOT EXISTS (
        SELECT FROM aclexplode(c.relacl)
        WHERE grantee = sampler_oid AND privilege_type = 'SELECT')
    ORDER BY n.nspname, c.relname
  LOOP
    EXECUTE format('GRANT SELECT ON SEQUENCE %I.%I TO %I',
      target.schema, target.name, sampler);
    granted := granted + 1;
    IF granted % 1000 = 0 THEN
      -- From PostgreSQL 18 on each GRANT keeps a lock until the transaction ends, and
      -- the lock table of a server with default settings holds some thousands.
      COMMIT;
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END IF;
  END LOOP;

  -- What will be there later.
  FOR target IN
    SELECT rolname AS name
    FROM pg_roles
    WHERE rolname !~ '^pg_' AND oid <> sampler_oid AND pg_has_role(oid, 'USAGE')
    ORDER BY rolname
  LOOP
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I'
      ' GRANT USAGE ON SCHEMAS TO %I', target.name, sampler);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I'
      ' GRANT SELECT ON SEQUENCES TO %I', target.name, sampler);
  END LOOP;

  -- What could not be granted is named, and has not stopped the rest.
  IF NOT has_database_privilege(sampler, current_database(), 'CONNECT') THEN
    RAISE WARNING 'skipped CONNECT on database %, which % may not grant',
      quote_ident(current_database()), quote_ident(current_user);
  END IF;
  SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname) INTO missing
  FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND NOT has_schema_privilege(sampler, oid, 'USAGE');
  IF missing IS NOT NULL THEN
    RAISE WARNING 'skipped schemas on which % may not grant USAGE: %',
      quote_ident(current_user), missing;
  END IF;
  SELECT string_agg(format('%I (%s)', schema, number), ', ' ORDER BY schema)
  INTO missing
  FROM (
    SELECT n.nspname AS schema, count(*) AS number
    FROM pg_sequence AS s
    JOIN pg_class AS c ON c.oid = s.seqrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT has_sequence_privilege(sampler, s.seqrelid, 'SELECT')
    GROUP BY n.nspname
  ) AS unreadable;
  IF missing IS NOT NULL THEN
    RAISE WARNING 'skipped sequences on which % may not grant SELECT, by schema: %',
      quote_ident(current_user), missing;
  END IF;
  SELECT string_agg(quote_ident(rolname), ', ' ORDER BY rolname) INTO missing
  FROM pg_roles
  WHERE rolname !~ '^pg_' AND oid <> sampler_oid AND NOT pg_has_role(oid, 'USAGE');
  IF missing IS NOT NULL THEN
    RAISE WARNING 'skipped roles whose default privileges % may not alter: %',
      quote_ident(current_user), missing;
  END IF;

  PERFORM set_config('search_path', path_before, true);
END
"""
