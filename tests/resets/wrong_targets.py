"""The table: what is wrong with a target, and the gates that refuse it for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, JobKind, Limits


@dataclass(frozen=True, kw_only=True)
class WrongTarget:
    """`made` is run by the agent's role, `wrong` by the superuser after arming."""

    name: str
    made: str = ""
    wrong: str = ""
    job: Mapping[str, object] = field(default_factory=dict)
    options: str = ""
    refused: tuple[str, ...] = ()
    told: str = ""
    oldest: int = 13


def _tables(*include: str, exclude: tuple[str, ...] = ()) -> Mapping[str, object]:
    return {"tables": NameFilter(include=include, exclude=exclude)}


def _marker(change: str) -> str:
    return f"UPDATE sequence_agent.environment SET {change}"


_TRIGGER = (
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RETURN NULL; END';"
    " CREATE TRIGGER trg {} TRUNCATE ON users EXECUTE FUNCTION note();"
)
_PARTITIONED = (
    "CREATE TABLE logs (k integer) PARTITION BY RANGE (k);"
    " CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
    " CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (9) TO (19);"
)
_STRANGER = (
    "CREATE FUNCTION public.one(integer) RETURNS integer IMMUTABLE LANGUAGE sql"
    " AS 'SELECT $1'; ALTER FUNCTION public.one(integer) OWNER TO pg_monitor;"
)
_NUMBERED = (
    "CREATE FUNCTION numbered() RETURNS bigint"
    " BEGIN ATOMIC SELECT nextval('users_id_seq'); END;"
)
_FOREIGN = "CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER away FOREIGN DATA WRAPPER nowhere;"
_BOTH = {"tables": NameFilter(include=("public.users", "public.orders"))}

# fmt: off
WRONG_TARGETS: tuple[WrongTarget, ...] = (
    WrongTarget(name="nothing at all"),
    # The marker.
    WrongTarget(name="no schema", wrong="DROP SCHEMA sequence_agent CASCADE",
                refused=("marker_missing",), told="no schema"),
    WrongTarget(name="no table of the marker",
                wrong="DROP TABLE sequence_agent.environment CASCADE",
                refused=("marker_missing",), told="no table"),
    WrongTarget(name="empty marker", wrong="DELETE FROM sequence_agent.environment",
                refused=("marker_missing",), told="no row"),
    WrongTarget(name="two markers",
                wrong="ALTER TABLE sequence_agent.environment DROP CONSTRAINT environment_pkey;"
                      " INSERT INTO sequence_agent.environment"
                      " SELECT * FROM sequence_agent.environment",
                refused=("marker_missing",), told="more than one row"),
    WrongTarget(name="marker that inheriting rows add to",
                wrong="DELETE FROM sequence_agent.environment;"
                      " CREATE TABLE public.forged () INHERITS (sequence_agent.environment);"
                      " INSERT INTO public.forged SELECT true, 'staging', false, s.system_identifier,"
                      " d.oid, d.datname, now() + '1 day', 'x', now()"
                      " FROM pg_control_system() s, pg_database d"
                      " WHERE datname = current_database()",
                job=_BOTH, refused=("marker_missing",)),
    WrongTarget(name="view in the place of the marker",
                wrong="ALTER TABLE sequence_agent.environment RENAME TO moved;"
                      " CREATE VIEW sequence_agent.environment AS"
                      " SELECT * FROM sequence_agent.moved;"
                      " GRANT SELECT ON sequence_agent.environment TO {role}",
                refused=("marker_missing",), told="no table"),
    WrongTarget(name="marker of another layout",
                wrong="ALTER TABLE sequence_agent.environment RENAME protected TO guarded",
                refused=("marker_missing",), told="environment.guarded"),
    WrongTarget(name="marker that may not be read",
                wrong="REVOKE SELECT ON sequence_agent.environment FROM {role}",
                refused=("marker_missing",), told="may not read"),
    WrongTarget(name="schema that may not be used",
                wrong="REVOKE USAGE ON SCHEMA sequence_agent FROM {role}",
                refused=("marker_missing",), told="may not read"),
    WrongTarget(name="expired", wrong=_marker("armed_until = now() - interval '1 second'"),
                refused=("marker_expired",)),
    WrongTarget(name="armed for ever", wrong=_marker("armed_until = 'infinity'"),
                refused=("marker_expired",), told="no end"),
    WrongTarget(name="armed until nobody knows when",
                wrong="ALTER TABLE sequence_agent.environment"
                      " ALTER armed_until DROP NOT NULL;" + _marker("armed_until = NULL"),
                refused=("marker_expired",), told="no end"),
    WrongTarget(name="another environment", wrong=_marker("environment = 'qa'"),
                refused=("marker_environment",), told="'qa'"),
    WrongTarget(name="environment in other letters", wrong=_marker("environment = 'Staging'"),
                refused=("marker_environment",)),
    WrongTarget(name="protected", wrong=_marker("protected = true"),
                refused=("marker_protected",)),
    WrongTarget(name="another system identifier",
                wrong=_marker("system_identifier = system_identifier + 1"),
                refused=("marker_system_identifier",)),
    WrongTarget(name="another oid", wrong=_marker("database_oid = 1"),
                refused=("marker_database_oid",)),
    WrongTarget(name="another name", wrong=_marker("database_name = 'app'"),
                refused=("marker_database_name",)),
    WrongTarget(name="marker forged in the connection string, none in the database",
                wrong="DELETE FROM sequence_agent.environment",
                options="options=-c%20sequence_agent.environment%3Dstaging",
                refused=("marker_missing",)),
    WrongTarget(name="name forged in the connection string",
                wrong=_marker("environment = 'qa'"),
                options="options=-c%20sequence_agent.environment%3Dstaging",
                refused=("marker_environment",)),
    # Who we are.
    WrongTarget(name="superuser", wrong="ALTER ROLE {role} SUPERUSER",
                refused=("marker_writable",), told="superuser"),
    WrongTarget(name="member of the marker's owner", wrong="GRANT postgres TO {role}",
                refused=("marker_writable",), told="superuser"),
    WrongTarget(name="owner of the schema",
                wrong="ALTER SCHEMA sequence_agent OWNER TO {role}",
                refused=("marker_missing", "marker_writable"), told="owns the schema"),
    WrongTarget(name="owner of the marker",
                wrong="ALTER TABLE sequence_agent.environment OWNER TO {role}",
                refused=("marker_missing", "marker_writable"), told="owns sequence_agent.environment"),
    WrongTarget(name="owner of the function",
                wrong="ALTER FUNCTION sequence_agent.hold_marker() OWNER TO {role}",
                refused=("marker_missing", "marker_writable"), told="hold_marker"),
    *(WrongTarget(name=f"may {privilege} the marker",
                  wrong=f"GRANT {privilege} ON sequence_agent.environment TO {{role}}",
                  refused=("marker_writable",), told="may write")
      for privilege in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER",
                        "UPDATE (armed_until)")),
    WrongTarget(name="everybody may write the marker",
                wrong="GRANT UPDATE ON sequence_agent.environment TO PUBLIC",
                refused=("marker_writable",)),
    WrongTarget(name="may make tables beside the marker",
                wrong="GRANT CREATE ON SCHEMA sequence_agent TO {role}",
                refused=("marker_writable",)),
    WrongTarget(name="may write files of the server",
                wrong="GRANT pg_write_server_files TO {role}",
                refused=("marker_writable",), told="files of the server"),
    WrongTarget(name="may write all there is", wrong="GRANT pg_write_all_data TO {role}",
                refused=("marker_writable",), oldest=14),
    # Production.
    WrongTarget(name="production in the comment",
                wrong="COMMENT ON DATABASE {db} IS 'PRODUCTION, do not touch'",
                refused=("production_declared",), told="do not touch"),
    WrongTarget(name="harmless comment", wrong="COMMENT ON DATABASE {db} IS 'olive products'"),
    WrongTarget(name="production in a setting of the database",
                wrong="ALTER DATABASE {db} SET sequence_agent.environment = 'production'",
                refused=("production_declared",), told="ALTER DATABASE"),
    WrongTarget(name="another environment in a setting of the database",
                wrong="ALTER DATABASE {db} SET sequence_agent.environment = 'qa'",
                refused=("production_declared",)),
    WrongTarget(name="the same environment in a setting of the database",
                wrong="ALTER DATABASE {db} SET sequence_agent.environment = 'staging'"),
    WrongTarget(name="production in a setting of the role in the database",
                wrong="ALTER ROLE {role} IN DATABASE {db}"
                      " SET sequence_agent.environment = 'live'",
                refused=("production_declared",), told="ALTER ROLE"),
    WrongTarget(name="production in a setting of another role in the database",
                wrong="ALTER ROLE postgres IN DATABASE {db}"
                      " SET sequence_agent.environment = 'prod'",
                refused=("production_declared",)),
    WrongTarget(name="production in a setting of the role",
                wrong="ALTER ROLE {role} SET sequence_agent.environment = 'production'",
                refused=("production_declared",)),
    WrongTarget(name="setting hidden by the connection string",
                wrong="ALTER DATABASE {db} SET sequence_agent.environment = 'production'",
                options="options=-c%20sequence_agent.environment%3Dstaging",
                refused=("production_declared",)),
    WrongTarget(name="configuration that calls it production",
                wrong=_marker("environment = 'production'"),
                job={"environment": "production"}, refused=("production_declared",)),
    # The job.
    WrongTarget(name="suspended", job={"suspended": True}, refused=("suspended",)),
    WrongTarget(name="no table and no sequence", job={"tables": None},
                refused=("nothing_matched",)),
    WrongTarget(name="pattern without a match", job=_tables("shop.*"),
                refused=("nothing_matched",)),
    WrongTarget(name="name without a table",
                job=_tables("public.users", "public.orders", "public.userz"),
                refused=("table_missing",), told="public.userz"),
    WrongTarget(name="name of a view", made="CREATE VIEW v AS SELECT * FROM users",
                job=_tables("public.users", "public.orders", "public.v"),
                refused=("table_missing",), told="is a view"),
    WrongTarget(name="name without a sequence", job={"sequences": ("public.nope_seq",)},
                refused=("sequence_missing",)),
    WrongTarget(name="the ledger by name",
                job=_tables("public.*", "sequence_agent.job_run"), refused=("ledger",)),
    WrongTarget(name="the marker by name",
                job=_tables("public.*", "sequence_agent.environment"),
                refused=("ledger",)),
    WrongTarget(name="the ledger in a pattern", job=_tables("*")),
    WrongTarget(name="sequence of the ledger",
                wrong="CREATE SEQUENCE sequence_agent.s; GRANT ALL ON sequence_agent.s"
                      " TO {role}; ALTER SEQUENCE sequence_agent.s OWNER TO {role}",
                job={"sequences": ("sequence_agent.s",)}, refused=("ledger",)),
    WrongTarget(name="table of the system by name",
                job=_tables("public.*", "pg_catalog.pg_class"), refused=("system_table",)),
    # Tables that hang on others.
    WrongTarget(name="referenced from outside", job=_tables("public.users"),
                refused=("referenced_from_outside",), told="orders_user_id_fkey"),
    WrongTarget(name="referencing table excluded",
                job=_tables("public.*", exclude=("public.orders",)),
                refused=("referenced_from_outside",), told="public.orders references"),
    WrongTarget(name="referenced from another schema",
                wrong="CREATE SCHEMA other; CREATE TABLE other.o"
                      " (u integer REFERENCES public.users)",
                refused=("referenced_from_outside",), told="other.o"),
    WrongTarget(name="referencing table alone", job=_tables("public.orders")),
    WrongTarget(name="references to itself and in a circle",
                made="CREATE TABLE a (id integer PRIMARY KEY, b integer,"
                     " up integer REFERENCES a);"
                     " CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a);"
                     " ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;"),
    WrongTarget(name="half of a circle of references",
                made="CREATE TABLE a (id integer PRIMARY KEY, b integer);"
                     " CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a);"
                     " ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;",
                job=_tables("public.a"), refused=("referenced_from_outside",)),
    WrongTarget(name="partitioned table", made=_PARTITIONED),
    WrongTarget(name="partition excluded", made=_PARTITIONED,
                job=_tables("public.*", exclude=("public.logs_2",)),
                refused=("descendant_not_listed",), told="partition of public.logs"),
    WrongTarget(name="partition not listed", made=_PARTITIONED,
                job=_tables("public.logs", "public.logs_1"),
                refused=("descendant_not_listed",), told="public.logs_2"),
    WrongTarget(name="one partition alone", made=_PARTITIONED, job=_tables("public.logs_1")),
    WrongTarget(name="partition of a partition not listed",
                made="CREATE TABLE l (k integer) PARTITION BY RANGE (k);"
                     " CREATE TABLE l1 PARTITION OF l FOR VALUES FROM (0) TO (9)"
                     " PARTITION BY RANGE (k);"
                     " CREATE TABLE l11 PARTITION OF l1 FOR VALUES FROM (0) TO (5);",
                job=_tables("public.l", "public.l1"),
                refused=("descendant_not_listed",), told="public.l11"),
    WrongTarget(name="partition referenced from outside",
                made="CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY RANGE (id);"
                     " CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);"
                     " CREATE TABLE r (p integer REFERENCES p);",
                job=_tables("public.p", "public.p1"),
                refused=("referenced_from_outside",), told="public.r references public.p"),
    WrongTarget(name="inheriting table not listed",
                made="CREATE TABLE child () INHERITS (users)",
                job=_tables("public.users", "public.orders"),
                refused=("descendant_not_listed",), told="inherits from public.users"),
    WrongTarget(name="inheriting table excluded",
                made="CREATE TABLE child () INHERITS (users)",
                job=_tables("public.*", exclude=("public.child",)),
                refused=("descendant_not_listed",)),
    WrongTarget(name="inheriting table listed",
                made="CREATE TABLE child () INHERITS (users)"),
    WrongTarget(name="foreign table",
                wrong=_FOREIGN + "CREATE FOREIGN TABLE public.f (k integer) SERVER away;"
                      " ALTER FOREIGN TABLE public.f OWNER TO {role}",
                refused=("foreign_table", "rows_limit"), told="public.f"),
    WrongTarget(name="foreign partition",
                made="CREATE TABLE logs (k integer) PARTITION BY RANGE (k)",
                wrong=_FOREIGN + "CREATE FOREIGN TABLE public.archive PARTITION OF public.logs"
                      " FOR VALUES FROM (0) TO (9) SERVER away;"
                      " ALTER FOREIGN TABLE public.archive OWNER TO {role}",
                job=_tables("public.*"), refused=("foreign_table", "rows_limit"),
                told="public.archive"),
    WrongTarget(name="foreign partition excluded",
                made="CREATE TABLE logs (k integer) PARTITION BY RANGE (k)",
                wrong=_FOREIGN + "CREATE FOREIGN TABLE public.archive PARTITION OF public.logs"
                      " FOR VALUES FROM (0) TO (9) SERVER away;"
                      " ALTER FOREIGN TABLE public.archive OWNER TO {role}",
                job=_tables("public.*", exclude=("public.archive",)),
                refused=("foreign_table", "descendant_not_listed", "rows_limit")),
    WrongTarget(name="foreign table excluded",
                wrong=_FOREIGN + "CREATE FOREIGN TABLE public.f (k integer) SERVER away",
                job=_tables("public.*", exclude=("public.f",))),
    WrongTarget(name="table of an extension",
                made="CREATE TABLE spatial_ref_sys (k integer)",
                wrong="ALTER EXTENSION plpgsql ADD TABLE public.spatial_ref_sys",
                refused=("extension_table",), told="plpgsql"),
    WrongTarget(name="table of an extension excluded",
                made="CREATE TABLE spatial_ref_sys (k integer)",
                wrong="ALTER EXTENSION plpgsql ADD TABLE public.spatial_ref_sys",
                job=_tables("public.*", exclude=("public.spatial_ref_sys",))),
    WrongTarget(name="table of the ledger that inherits",
                wrong="CREATE TABLE sequence_agent.child () INHERITS (public.users);"
                      " ALTER TABLE sequence_agent.child OWNER TO {role}",
                refused=("ledger", "descendant_not_listed")),
    # Sequences.
    WrongTarget(name="sequence that another table's default calls",
                made="CREATE TABLE other (id integer DEFAULT nextval('users_id_seq'))",
                job=_tables("public.*", exclude=("public.other",)),
                refused=("shared_sequence",), told="public.other.id"),
    WrongTarget(name="sequence that another listed table's default calls",
                made="CREATE TABLE other (id integer DEFAULT nextval('users_id_seq'))"),
    WrongTarget(name="sequence that a default calls within an expression",
                made="CREATE TABLE other"
                     " (id text DEFAULT 'u' || nextval('users_id_seq')::text)",
                job=_tables("public.*", exclude=("public.other",)),
                refused=("shared_sequence",)),
    WrongTarget(name="sequence that a function in another table's default calls",
                made=_NUMBERED + "CREATE TABLE other (id bigint DEFAULT numbered())",
                job=_tables("public.*", exclude=("public.other",)),
                refused=("shared_sequence",), told="public.other.id", oldest=14),
    WrongTarget(name="sequence that a function calls within an operator of another's default",
                made=_NUMBERED + "CREATE FUNCTION added(a integer) RETURNS bigint"
                     " BEGIN ATOMIC SELECT numbered() + a; END;"
                     " CREATE OPERATOR @@@ (FUNCTION = added, RIGHTARG = integer);"
                     " CREATE TABLE other (id bigint DEFAULT @@@ 1)",
                job=_tables("public.*", exclude=("public.other",)),
                refused=("shared_sequence",), told="public.other.id", oldest=14),
    WrongTarget(name="sequence that a function in the default of a domain calls",
                made=_NUMBERED + "CREATE DOMAIN number AS bigint DEFAULT numbered();"
                     " CREATE TABLE other (id number)",
                job=_tables("public.*", exclude=("public.other",)),
                refused=("shared_sequence",), told="public.other.id", oldest=14),
    WrongTarget(name="listed sequence that an unlisted table owns",
                made="CREATE TABLE other (id serial)",
                job={**_tables("public.*", exclude=("public.other",)),
                     "sequences": ("public.other_id_seq",)},
                refused=("shared_sequence",), told="owned of public.other.id"),
    WrongTarget(name="listed sequence of nobody", made="CREATE SEQUENCE invoice START 7",
                job={"sequences": ("public.invoice",)}),
    WrongTarget(name="listed sequence of another role", wrong="CREATE SEQUENCE public.theirs",
                job={"sequences": ("public.theirs",)},
                refused=("not_owner_of_sequence",), told="public.theirs"),
    # Ownership goes with the table, so the owner has to change with it.
    WrongTarget(name="tables of another role, TRUNCATE granted",
                wrong="ALTER TABLE users OWNER TO postgres;"
                      " GRANT SELECT, TRUNCATE ON users TO {role}",
                refused=("not_owner_of_sequence",), told="users_id_seq"),
    WrongTarget(name="no TRUNCATE privilege",
                made="CREATE TABLE bare (k integer)",
                wrong="ALTER TABLE bare OWNER TO postgres; GRANT SELECT ON bare TO {role}",
                refused=("no_truncate_privilege",), told="public.bare"),
    WrongTarget(name="no SELECT privilege",
                made="CREATE TABLE bare (k integer)",
                wrong="ALTER TABLE bare OWNER TO postgres; GRANT TRUNCATE ON bare TO {role}",
                refused=("rows_limit",), told="cannot be counted"),
    # Triggers, limits, rows that hide.
    WrongTarget(name="trigger before TRUNCATE", made=_TRIGGER.format("BEFORE"),
                refused=("truncate_trigger",), told="public.users.trg"),
    WrongTarget(name="trigger after TRUNCATE", made=_TRIGGER.format("AFTER"),
                refused=("truncate_trigger",)),
    WrongTarget(name="trigger for INSERT", made=_TRIGGER.format("AFTER INSERT OR").replace(
                    "INSERT OR TRUNCATE", "INSERT")),
    WrongTarget(name="disabled trigger",
                made=_TRIGGER.format("BEFORE") + "ALTER TABLE users DISABLE TRIGGER trg"),
    WrongTarget(name="trigger that is always on",
                made=_TRIGGER.format("BEFORE") + "ALTER TABLE users ENABLE ALWAYS TRIGGER trg",
                refused=("truncate_trigger",)),
    WrongTarget(name="acknowledged trigger", made=_TRIGGER.format("BEFORE"),
                job={"allowed": Allowed(triggers=("public.users.trg",))}),
    WrongTarget(name="code of a stranger in an index",
                made="CREATE TABLE t (k integer)",
                wrong=_STRANGER + "CREATE INDEX i ON public.t (k) WHERE k > public.one(1)",
                refused=("untrusted_code",), told="public.t (index i runs public.one(integer) of"),
    WrongTarget(name="acknowledged code of a stranger",
                made="CREATE TABLE t (k integer)",
                wrong=_STRANGER + "CREATE INDEX i ON public.t (k) WHERE k > public.one(1)",
                job={"allowed": Allowed(untrusted_code=("public.t",))}),
    WrongTarget(name="code of a stranger in a table that is not listed",
                made="CREATE TABLE t (k integer)",
                wrong=_STRANGER + "CREATE INDEX i ON public.t (k) WHERE k > public.one(1)",
                job=_BOTH),
    WrongTarget(name="default that computes, to be followed",
                made="CREATE SEQUENCE s; CREATE TABLE t (k integer DEFAULT nextval('s') * 10)",
                job={"kind": JobKind.RESYNC}, refused=("computed_default",),
                told="public.t.k computes its values from public.s"),
    WrongTarget(name="acknowledged default that computes",
                made="CREATE SEQUENCE s; CREATE TABLE t (k integer DEFAULT nextval('s') * 10)",
                job={"kind": JobKind.RESYNC,
                     "allowed": Allowed(computed_defaults=("public.t.k",))}),
    WrongTarget(name="default that computes, in a reset",
                made="CREATE SEQUENCE s; CREATE TABLE t (k integer DEFAULT nextval('s') * 10)"),
    WrongTarget(name="more rows than the limit", job={"limits": Limits(rows=7)},
                refused=("rows_limit",), told="8 rows"),
    WrongTarget(name="as many rows as the limit", job={"limits": Limits(rows=8)}),
    WrongTarget(name="larger than the limit", job={"limits": Limits(bytes=4096)},
                refused=("bytes_limit",), told="limits.bytes is 4096"),
    WrongTarget(name="row-level security that would hide rows",
                wrong="ALTER TABLE users ENABLE ROW LEVEL SECURITY;"
                      " ALTER TABLE users FORCE ROW LEVEL SECURITY",
                refused=("rows_limit",), told="row-level security"),
    WrongTarget(name="row-level security of the owner",
                wrong="ALTER TABLE users ENABLE ROW LEVEL SECURITY"),
    # Replication.
    WrongTarget(name="published table", wrong="CREATE PUBLICATION pub FOR TABLE public.users",
                refused=("published_table",), told="public.users in publication 'pub'"),
    WrongTarget(name="all tables published", wrong="CREATE PUBLICATION pub FOR ALL TABLES",
                refused=("published_table",)),
    WrongTarget(name="schema published",
                wrong="CREATE PUBLICATION pub FOR TABLES IN SCHEMA public",
                refused=("published_table",), oldest=15),
    WrongTarget(name="published without TRUNCATE",
                wrong="CREATE PUBLICATION pub FOR ALL TABLES WITH (publish = 'insert')"),
    WrongTarget(name="publication of another table",
                wrong="CREATE TABLE public.x (k integer);"
                      " CREATE PUBLICATION pub FOR TABLE public.x", job=_BOTH),
    WrongTarget(name="acknowledged publication",
                wrong="CREATE PUBLICATION pub FOR ALL TABLES",
                job={"allowed": Allowed(publications=("pub",))}),
    WrongTarget(name="partition whose parent is published", made=_PARTITIONED,
                wrong="CREATE PUBLICATION pub FOR TABLE public.logs"
                      " WITH (publish_via_partition_root)",
                job=_tables("public.logs_1"), refused=("published_table",)),
    # Names.
    WrongTarget(name="odd names",
                made='CREATE TABLE "Weird.Table" ("I d" serial);'
                     ' CREATE TABLE "größe 🚀" (k integer);'
                     ' CREATE TABLE "it\'s ""quoted""" (k integer);'
                     ' CREATE TABLE "100%s {} [x]" (k integer);',
                job=_tables("public.*", "public.Weird.Table")),
)
# fmt: on
