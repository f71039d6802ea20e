"""What it takes to see how far columns have come: to read these columns, and no other."""

from __future__ import annotations

HEADER = """\
-- Lets one role read the columns of one database that sequences feed, and no others, so
-- that it can tell whether a sequence has fallen behind. For pg-sequence-agent.
--
-- Run it after the grants for sampling, as a superuser or as the owner of the tables:
--
--     sequence-agent grants --role ROLE --for columns | psql -d DATABASE
--
-- and not within BEGIN and COMMIT: it commits after every thousand columns.
--
-- It grants SELECT on each such column that an index starts with. The role can then read
-- the ids in it, and count the rows of its table. Where row-level security hides rows from
-- the role, that tells nothing all the same: it takes BYPASSRLS. There are no default
-- privileges for columns: run it again when there are new tables; running it twice does
-- no harm."""

BODY = """\
DECLARE
  sampler CONSTANT name := @ROLE@;
  path_before CONSTANT text := pg_catalog.current_setting('search_path');
  target record;
  granted int := 0;
  missing text := '';
  skipped int := 0;
BEGIN
  -- Whoever runs this may be a superuser: no function or operator that somebody has put
  -- into a schema on the search path may get in between.
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = sampler) THEN
    RAISE EXCEPTION 'role % does not exist', quote_ident(sampler)
      USING HINT = format('Create it first: CREATE ROLE %I LOGIN;', sampler);
  END IF;

  FOR target IN
    WITH fed AS (
      SELECT d.refobjid AS relid, d.refobjsubid::smallint AS attnum, s.seqrelid
      FROM pg_depend AS d
      JOIN pg_sequence AS s ON s.seqrelid = d.objid
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
      UNION
      SELECT ad.adrelid, ad.adnum, s.seqrelid
      FROM pg_depend AS d
      JOIN pg_sequence AS s ON s.seqrelid = d.refobjid
      JOIN pg_attrdef AS ad ON ad.oid = d.objid
      WHERE d.classid = 'pg_attrdef'::regclass
        AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
      UNION
      -- The default of a domain serves every column that has none of its own.
      SELECT a.attrelid, a.attnum, s.seqrelid
      FROM pg_depend AS d
      JOIN pg_sequence AS s ON s.seqrelid = d.refobjid
      JOIN pg_attribute AS a ON a.atttypid = d.objid AND NOT a.atthasdef
      WHERE d.classid = 'pg_type'::regclass
        AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
    )
    SELECT DISTINCT n.nspname AS schema, c.relname AS table, a.attname AS column,
      has_column_privilege(c.oid, a.attnum, 'SELECT WITH GRANT OPTION') AS ours
    FROM fed
    JOIN pg_class AS c ON c.oid = fed.relid AND c.relkind IN ('r', 'p')
      AND c.relpersistence <> 't'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = fed.attnum
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      -- A partition is read through its parent, unless a sequence feeds it alone.
      AND NOT (c.relispartition AND EXISTS (
        SELECT FROM pg_inherits AS i
        JOIN pg_attribute AS above ON above.attrelid = i.inhparent
          AND above.attname = a.attname
        JOIN fed AS same ON same.relid = i.inhparent AND same.attnum = above.attnum
          AND same.seqrelid = fed.seqrelid
        WHERE i.inhrelid = c.oid))
      AND EXISTS (
        SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum)
      AND NOT has_column_privilege(sampler, c.oid, a.attnum, 'SELECT')
    ORDER BY n.nspname, c.relname, a.attname
  LOOP
    IF NOT target.ours THEN
      skipped := skipped + 1;
      IF skipped <= 10 THEN
        missing := missing || format(' %I.%I', target.schema, target.table);
      END IF;
      CONTINUE;
    END IF;
    EXECUTE format('GRANT SELECT (%I) ON %I.%I TO %I',
      target.column, target.schema, target.table, sampler);
    granted := granted + 1;
    IF granted % 1000 = 0 THEN
      -- Each GRANT keeps a lock until the transaction ends.
      COMMIT;
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END IF;
  END LOOP;
  IF skipped > 0 THEN
    RAISE WARNING 'skipped % columns on which % may not grant SELECT, of%',
      skipped, quote_ident(current_user), missing;
  END IF;

  PERFORM set_config('search_path', path_before, true);
END
"""
