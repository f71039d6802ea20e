"""What resets need: to be a member of the owners, for nothing less restarts."""

from __future__ import annotations

HEADER = """\
-- Lets one role reset the tables and sequences of one database. For pg-sequence-agent.
--
-- Run it in the database that is to be reset, as a superuser or as a role that may grant
-- the membership in the owners of its tables; and again when tables get another owner:
--
--     sequence-agent grants --role ROLE --for resets | psql -d DATABASE
--
-- Running it twice does no harm. Give resets a role of their own, which does not exist
-- in production.
--
-- TRUNCATE alone could be granted table by table. RESTART IDENTITY and ALTER SEQUENCE
-- ask for more: whoever restarts a sequence must be a member of the role that owns it.
-- So this makes the role a member of all owners of tables and sequences here, which
-- lets it do whatever they can, in every database of the server, dropping tables included.
-- Less does not do. Where only some tables are to be reset, let an owner of their own
-- have them (ALTER TABLE ... OWNER TO; its sequences follow) and grant that owner alone:
--
--     GRANT owner_of_these TO role;
--
-- Superusers, and whoever could write the marker of the target, are left out and named:
-- a role that can arm a database itself is refused by
--
--     sequence-agent arm --dsn ADMIN_DSN --environment NAME --for DURATION --grant ROLE
--
-- which an administrator runs besides. It alone lets the role keep the ledger there."""

BODY = """\
DECLARE
  resetter CONSTANT name := @ROLE@;
  path_before CONSTANT text := pg_catalog.current_setting('search_path');
  version CONSTANT int := pg_catalog.current_setting('server_version_num');
  target record;
  inherited text := '';
BEGIN
  -- Whoever runs this may be a superuser: no function or operator that somebody has put
  -- into a schema on the search path may get in between.
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

  SELECT rolsuper AS super, rolinherit AS inherits INTO target
  FROM pg_roles WHERE rolname = resetter;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'role % does not exist', quote_ident(resetter)
      USING HINT = format('Create it first: CREATE ROLE %I LOGIN;', resetter);
  END IF;
  IF target.super THEN
    RAISE EXCEPTION 'role % is a superuser and could arm any database itself',
      quote_ident(resetter)
      USING HINT = 'Give resets an ordinary role of their own.';
  END IF;
  IF version >= 160000 THEN
    inherited := ' WITH INHERIT TRUE';
  ELSIF NOT target.inherits THEN
    RAISE EXCEPTION 'role % does not inherit what it is a member of',
      quote_ident(resetter)
      USING HINT = format('Change that first: ALTER ROLE %I INHERIT;', resetter);
  END IF;

  IF has_database_privilege(current_database(), 'CONNECT WITH GRANT OPTION')
    AND NOT has_database_privilege(resetter, current_database(), 'CONNECT') THEN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), resetter);
  END IF;

  -- The owners, but for the objects of extensions and of the agent itself.
  FOR target IN
    SELECT r.oid, r.rolname AS owner, count(*) AS number,
      EXISTS (
        SELECT FROM pg_roles AS s
        WHERE pg_has_role(r.oid, s.oid, 'MEMBER') AND (s.rolsuper
          OR s.rolname IN ('pg_execute_server_program', 'pg_write_server_files',
            'pg_write_all_data')
          OR s.rolcreaterole AND version < 160000
          OR s.oid IN (
            SELECT nspowner FROM pg_namespace WHERE nspname = 'sequence_agent'))
      ) AS dangerous
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_roles AS r ON r.oid = c.relowner
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sequence_agent')
      AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
      AND r.rolname <> resetter
    GROUP BY r.oid, r.rolname
    ORDER BY r.rolname
  LOOP
    IF target.dangerous THEN
      RAISE WARNING 'skipped %, which owns % tables and sequences here and could arm databases',
        quote_ident(target.owner), target.number
        USING HINT = 'Give what is to be reset to an ordinary role: ALTER TABLE ... OWNER TO.';
    ELSIF NOT pg_has_role(resetter, target.oid, 'USAGE') THEN
      BEGIN
        EXECUTE format('GRANT %I TO %I', target.owner, resetter) || inherited;
      EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation THEN
        RAISE WARNING 'skipped %, which owns % tables and sequences here: %',
          quote_ident(target.owner), target.number, SQLERRM;
      END;
    END IF;
  END LOOP;

  -- An owner of tables does not always have their schema.
  FOR target IN
    SELECT n.oid, n.nspname AS schema
    FROM pg_namespace AS n
    WHERE EXISTS (
        SELECT FROM pg_class AS c
        WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'S')
          AND pg_has_role(resetter, c.relowner, 'USAGE'))
      AND n.nspname !~ '^pg_' AND n.nspname <> 'sequence_agent'
      AND NOT has_schema_privilege(resetter, n.oid, 'USAGE')
    ORDER BY n.nspname
  LOOP
    IF has_schema_privilege(target.oid, 'USAGE WITH GRANT OPTION') THEN
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', target.schema, resetter);
    ELSE
      RAISE WARNING 'skipped USAGE on schema %, which % may not grant',
        quote_ident(target.schema), quote_ident(current_user);
    END IF;
  END LOOP;

  PERFORM set_config('search_path', path_before, true);
END
"""
