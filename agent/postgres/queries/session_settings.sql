-- Answers: nothing; makes a transaction independent of what its database and role prefer.
-- SET LOCAL, so that a transaction pooler never hands these to somebody else. It calls
-- no function: whoever owns a database can put functions before those of the catalog.
-- The search path comes first. Neither policies nor CHECKs of a table are to run or be
-- planned as us, and JIT costs more than it gains on catalog queries.
-- Privileges: none. Oldest server: 13.
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL idle_in_transaction_session_timeout = '1min';
SET LOCAL row_security = off;
SET LOCAL constraint_exclusion = off;
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL TimeZone = 'UTC';
SET LOCAL standard_conforming_strings = on;
SET LOCAL quote_all_identifiers = off;
SET LOCAL transform_null_equals = off;
SET LOCAL array_nulls = on;
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SET LOCAL client_min_messages = 'warning';
SET LOCAL jit = off
