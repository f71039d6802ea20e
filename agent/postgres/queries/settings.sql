-- Answers: nothing; bounds every wait of the transaction it runs in.
-- SET LOCAL in the form that takes parameters, so that a transaction pooler never
-- hands these settings to somebody else. The search path keeps objects that shadow
-- the catalog's out, and no policy runs its functions as us. JIT costs more than it gains on catalog queries.
-- Privileges: none. Oldest server: 13.
SELECT
    set_config('statement_timeout', %(statement_timeout)s, TRUE),
    set_config('lock_timeout', %(lock_timeout)s, TRUE),
    set_config('search_path', 'pg_catalog', TRUE),
    set_config('row_security', 'off', TRUE),
    set_config('jit', 'off', TRUE)
