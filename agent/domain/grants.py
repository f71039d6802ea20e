"""The SQL that gives a role what sampling needs, or resets, and nothing beyond."""

from __future__ import annotations

import re


def grants(role: str) -> str:
    """What sampling needs: a script for an administrator, the same for PostgreSQL 13 to 18.

    Raises ValueError for what cannot be the name of a role.
    """
    return _script(_HEADER, _BODY, role)


def reset_grants(role: str) -> str:
    """The same for what resets need."""
    return _script(_RESET_HEADER, _RESET_BODY, role)


def _script(header: str, body: str, role: str) -> str:
    body = body.replace("@ROLE@", sql_literal(role))
    tag = _dollar_tag(body)
    return f"{header}\nDO {tag}\n{body}{tag};\n"


def sql_literal(text: str) -> str:
    r"""The text as a literal in plain ASCII, whatever the client's encoding is.

    >>> sql_literal("O'Brien")
    "'O''Brien'"
    >>> sql_literal("gr\u00fcn\\")
    "E'gr\\u00FCn\\\\'"
    """
    if not text or "\0" in text or not _encodable(text):
        raise ValueError("is not the name of a role")
    quoted = text.replace("'", "''")
    if _PLAIN.fullmatch(text):
        return f"'{quoted}'"
    # With E the meaning of a backslash does not hang on standard_conforming_strings.
    return "E'" + _SPECIAL.sub(_escape, quoted) + "'"


_PLAIN = re.compile(r"[ -\[\]-~]*")
_SPECIAL = re.compile(r"[^ -\[\]-~]")


def _encodable(text: str) -> bool:
    return not any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\\":
        return r"\\"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _dollar_tag(body: str) -> str:
    """A dollar quote that the body cannot end, whatever the role is called."""
    tag, number = "$grants$", 0
    while tag in body:
        number += 1
        tag = f"$grants{number}$"
    return tag


_HEADER = """\
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

_BODY = """\
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

_RESET_HEADER = """\
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

_RESET_BODY = """\
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
