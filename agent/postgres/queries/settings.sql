-- Answers: nothing; bounds every wait of the transaction it runs in.
-- SET LOCAL in the form that takes parameters, so that a transaction pooler never
-- hands these settings to somebody else. The search path keeps objects that shadow
-- the catalog's out, and neither policy nor view runs its functions as us: whoever owns
-- a schema could put a view into the place of what is read by its name. The minors of
-- before August 2024 do not know that last setting. With constraint_exclusion the planner
-- would run functions of CHECK constraints. JIT costs more than it gains on catalog
-- queries.
-- Privileges: none. Oldest server: 13.
SELECT
    set_config('statement_timeout', %(statement_timeout)s, TRUE),
    set_config('lock_timeout', %(lock_timeout)s, TRUE),
    set_config('search_path', 'pg_catalog', TRUE),
    set_config('row_security', 'off', TRUE),
    CASE
        WHEN current_setting('restrict_nonsystem_relation_kind', TRUE) IS NOT NULL
            THEN set_config(
                'restrict_nonsystem_relation_kind', 'view, foreign-table', TRUE
            )
    END,
    set_config('constraint_exclusion', 'off', TRUE),
    set_config('jit', 'off', TRUE)
