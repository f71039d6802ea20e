"""The table: how to make an awkward sequence, and what is true of it.

Every number was worked out by hand from PostgreSQL's documentation, not taken from a
run. `used` is a fraction, (calls used, calls in the effective range); it and `left` are
None where that is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

INT2, INT4, INT8 = 32_767, 2_147_483_647, 9_223_372_036_854_775_807
BIGINT = "sequence (bigint)"
INTEGER = "sequence (integer)"
NOTHING = (0, 1)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One sequence: `make` is run by the superuser in a schema of this case's own."""

    name: str
    make: str
    sequence: str = "s"
    last: int | None = None
    following: int | None
    limit: int
    by: str
    left: int | None
    used: tuple[int, int] | None
    fed: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    oldest: int = 13

    @property
    def state(self) -> str:
        return "unused" if self.last is None else "ok"


def _after(value: int, make: str, *, sequence: str = "s") -> str:
    return f"{make}; SELECT setval('{sequence}', {value})"


OWN = ("unattached",)
NEAR_OWN = ("near_limit:critical", "unattached")
PAST = ("exhausted:critical",)

# fmt: off
CASES: tuple[Case, ...] = (
    # Never called, called, restarted: the next value decides.
    Case(name="fresh", make="CREATE SEQUENCE s",
         following=1, limit=INT8, by=BIGINT, left=INT8, used=(0, INT8), findings=OWN),
    Case(name="called once", make="CREATE SEQUENCE s; SELECT nextval('s')",
         last=1, following=2, limit=INT8, by=BIGINT, left=INT8 - 1, used=(1, INT8),
         findings=OWN),
    Case(name="restarted two calls before the end",
         make="CREATE SEQUENCE s AS integer; ALTER SEQUENCE s RESTART WITH 2147483646",
         following=2147483646, limit=INT4, by=INTEGER, left=2,
         used=(INT4 - 2, INT4), findings=NEAR_OWN),
    Case(name="setval not called, at the very last value",
         make="CREATE SEQUENCE s AS integer; SELECT setval('s', 2147483647, false)",
         following=INT4, limit=INT4, by=INTEGER, left=1, used=(INT4 - 1, INT4),
         findings=NEAR_OWN),
    Case(name="setval called, at the very last value",
         make=_after(INT4, "CREATE SEQUENCE s AS integer"),
         last=INT4, following=None, limit=INT4, by=INTEGER, left=0, used=(1, 1),
         findings=("exhausted:critical", "unattached")),
    Case(name="used, then put back to a start other than 1",
         make="CREATE SEQUENCE s START 100; SELECT nextval('s');"
              " ALTER SEQUENCE s RESTART",
         following=100, limit=INT8, by=BIGINT, left=INT8 - 99, used=(99, INT8),
         findings=OWN),
    Case(name="truncated with RESTART IDENTITY",
         make="CREATE TABLE t (id serial); INSERT INTO t DEFAULT VALUES;"
              " TRUNCATE t RESTART IDENTITY",
         sequence="t_id_seq", following=1, limit=INT4, by="column {}.t.id (integer)",
         left=INT4, used=(0, INT4), fed=("t.id:owned",)),
    # Steps: calls are counted, not values.
    Case(name="increment 10 with six values but no call left",
         make=_after(2147483641, "CREATE SEQUENCE s AS integer INCREMENT 10"),
         last=2147483641, following=None, limit=INT4, by=INTEGER, left=0, used=(1, 1),
         findings=("exhausted:critical", "unattached")),
    Case(name="increment 10 with one call left",
         make=_after(2147483631, "CREATE SEQUENCE s AS integer INCREMENT 10"),
         last=2147483631, following=2147483641, limit=INT4, by=INTEGER, left=1,
         used=(214748364, 214748365), findings=NEAR_OWN),
    Case(name="a million at a time",
         make=_after(2147000001, "CREATE SEQUENCE s AS integer INCREMENT 1000000"),
         last=2147000001, following=None, limit=INT4, by=INTEGER, left=0,
         used=(1, 1), findings=("exhausted:critical", "unattached")),
    Case(name="cached in blocks of 10000",
         make="CREATE SEQUENCE s CACHE 10000; SELECT nextval('s')",
         last=10000, following=10001, limit=INT8, by=BIGINT, left=INT8 - 10000,
         used=(10000, INT8), findings=OWN),
    # Ranges of all kinds.
    Case(name="from two thousand million on",
         make="CREATE SEQUENCE s AS integer MINVALUE 2000000000;"
              " SELECT setval('s', 2000000010)",
         last=2000000010, following=2000000011, limit=INT4, by=INTEGER,
         left=147483637, used=(11, 147483648), findings=OWN),
    Case(name="from the lowest integer, half used",
         make="CREATE SEQUENCE s AS integer MINVALUE -2147483648;"
              " SELECT setval('s', -1)",
         last=-1, following=0, limit=INT4, by=INTEGER, left=2**31,
         used=(1, 2), findings=OWN),
    Case(name="the whole of bigint",
         make="CREATE SEQUENCE s MINVALUE -9223372036854775808;"
              " SELECT setval('s', -9223372036854775808)",
         last=-INT8 - 1, following=-INT8, limit=INT8, by=BIGINT, left=2**64 - 1,
         used=(1, 2**64), findings=OWN),
    Case(name="the whole of bigint, at its end",
         make="CREATE SEQUENCE s MINVALUE -9223372036854775808;"
              " SELECT setval('s', 9223372036854775807)",
         last=INT8, following=None, limit=INT8, by=BIGINT, left=0, used=(1, 1),
         findings=("exhausted:critical", "unattached")),
    Case(name="beyond what a float holds",
         make=_after(1700000000000000001, "CREATE SEQUENCE s"),
         last=1700000000000000001, following=1700000000000000002, limit=INT8, by=BIGINT,
         left=INT8 - 1700000000000000001, used=(1700000000000000001, INT8),
         findings=OWN),
    Case(name="one value only", make="CREATE SEQUENCE s MINVALUE 7 MAXVALUE 8 START 8",
         following=8, limit=8, by="sequence MAXVALUE 8", left=1, used=(1, 2),
         findings=OWN),
    Case(name="a limit of its own",
         make=_after(75, "CREATE SEQUENCE s MAXVALUE 100"),
         last=75, following=76, limit=100, by="sequence MAXVALUE 100", left=25,
         used=(75, 100), findings=("near_limit:warning", "unattached")),
    Case(name="smallint", make=_after(32000, "CREATE SEQUENCE s AS smallint"),
         last=32000, following=32001, limit=INT2, by="sequence (smallint)", left=767,
         used=(32000, INT2), findings=NEAR_OWN),
    # Downwards.
    Case(name="descending, hardly used",
         make=_after(-5, "CREATE SEQUENCE s INCREMENT -1"),
         last=-5, following=-6, limit=-INT8 - 1, by=BIGINT, left=2**63 - 5,
         used=(5, 2**63), findings=OWN),
    Case(name="descending, nearly done",
         make=_after(-97, "CREATE SEQUENCE s INCREMENT -1 MINVALUE -100"),
         last=-97, following=-98, limit=-100, by="sequence MINVALUE -100", left=3,
         used=(97, 100), findings=NEAR_OWN),
    Case(name="descending, done",
         make=_after(-100, "CREATE SEQUENCE s INCREMENT -1 MINVALUE -100"),
         last=-100, following=None, limit=-100, by="sequence MINVALUE -100", left=0,
         used=(1, 1), findings=("exhausted:critical", "unattached")),
    Case(name="descending from MAXVALUE 0",
         make="CREATE SEQUENCE s INCREMENT -1 MAXVALUE 0 MINVALUE -9; "
              "SELECT nextval('s')",
         last=0, following=-1, limit=-9, by="sequence MINVALUE -9", left=9,
         used=(1, 10), findings=OWN),
    Case(name="descending in threes",
         make=_after(-7, "CREATE SEQUENCE s INCREMENT -3 MINVALUE -10"),
         last=-7, following=-10, limit=-10, by="sequence MINVALUE -10", left=1,
         used=(3, 4), findings=("near_limit:warning", "unattached")),
    Case(name="counting down into the negative half as relief for a full key",
         make="CREATE SEQUENCE s AS bigint INCREMENT -1 START -1;"
              " CREATE TABLE t (id integer DEFAULT nextval('s'));"
              " SELECT setval('s', -2040109466)",
         last=-2040109466, following=-2040109467, limit=-(2**31),
         by="column {}.t.id (integer)", left=107374182, used=(2040109466, 2**31),
         fed=("t.id:default",),
         findings=("near_limit:critical", "column_narrower")),
    # Round and round.
    Case(name="cycle at its end: the next call succeeds",
         make=_after(10, "CREATE SEQUENCE s MAXVALUE 10 CYCLE"),
         last=10, following=1, limit=10, by="sequence MAXVALUE 10", left=10,
         used=(0, 10), findings=OWN),
    Case(name="cycle near its end harms nobody",
         make=_after(9, "CREATE SEQUENCE s MAXVALUE 10 CYCLE"),
         last=9, following=10, limit=10, by="sequence MAXVALUE 10", left=1,
         used=(9, 10), findings=OWN),
    Case(name="descending cycle starts again at the top",
         make="CREATE SEQUENCE s INCREMENT -1 MINVALUE -3 MAXVALUE 3 START 3 CYCLE;"
              " SELECT setval('s', -3)",
         last=-3, following=3, limit=-3, by="sequence MINVALUE -3", left=7,
         used=(0, 7), findings=OWN),
    Case(name="cycle into a unique column collides",
         make="CREATE SEQUENCE s MAXVALUE 10 CYCLE;"
              " CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('s'));"
              " SELECT setval('s', 9)",
         last=9, following=10, limit=10, by="sequence MAXVALUE 10", left=1,
         used=(9, 10), fed=("t.id:default",),
         findings=("near_limit:critical", "cycles_into_unique")),
    # Columns: the tightest limit wins.
    Case(name="serial", make="CREATE TABLE t (id serial)", sequence="t_id_seq",
         following=1, limit=INT4, by="column {}.t.id (integer)", left=INT4,
         used=(0, INT4), fed=("t.id:owned",)),
    Case(name="integer column behind a bigint sequence",
         make="CREATE SEQUENCE s; CREATE TABLE t (id integer DEFAULT nextval('s'));"
              " ALTER SEQUENCE s OWNED BY t.id; SELECT setval('s', 2040109465)",
         last=2040109465, following=2040109466, limit=INT4,
         by="column {}.t.id (integer)", left=107374182, used=(2040109465, INT4),
         fed=("t.id:owned",), findings=("near_limit:critical", "column_narrower")),
    Case(name="bigint column whose serial stayed integer",
         make="CREATE TABLE t (id serial); ALTER TABLE t ALTER id TYPE bigint;"
              " SELECT setval('t_id_seq', 2040109465)",
         sequence="t_id_seq", last=2040109465, following=2040109466, limit=INT4,
         by=INTEGER, left=107374182, used=(2040109465, INT4), fed=("t.id:owned",),
         findings=("near_limit:critical", "sequence_narrower")),
    Case(name="identity",
         make="CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY);"
              " SELECT setval('t_id_seq', 2040109465)",
         sequence="t_id_seq", last=2040109465, following=2040109466, limit=INT4,
         by="column {}.t.id (integer)", left=107374182, used=(2040109465, INT4),
         fed=("t.id:identity",), findings=("near_limit:critical",)),
    Case(name="smallint column behind an unowned default",
         make="CREATE SEQUENCE s; CREATE TABLE t (id smallint DEFAULT nextval('s'));"
              " SELECT setval('s', 31000)",
         last=31000, following=31001, limit=INT2, by="column {}.t.id (smallint)",
         left=1767, used=(31000, INT2), fed=("t.id:default",),
         findings=("near_limit:critical", "column_narrower")),
    Case(name="owned, but no default calls it",
         make="CREATE TABLE t (id smallint); CREATE SEQUENCE s OWNED BY t.id",
         following=1, limit=INT2, by="column {}.t.id (smallint)", left=INT2,
         used=(0, INT2), fed=("t.id:owned",), findings=("column_narrower",)),
    Case(name="partitioned parent is reported once",
         make="CREATE SEQUENCE s; CREATE TABLE t (id integer DEFAULT nextval('s'),"
              " k integer) PARTITION BY RANGE (k);"
              " CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9)"
              " PARTITION BY RANGE (k);"
              " CREATE TABLE t11 PARTITION OF t1 FOR VALUES FROM (0) TO (5);"
              " CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (9) TO (19);"
              " SELECT setval('s', 2040109465)",
         last=2040109465, following=2040109466, limit=INT4,
         by="column {}.t.id (integer)", left=107374182, used=(2040109465, INT4),
         fed=("t.id:default",), findings=("near_limit:critical", "column_narrower")),
    Case(name="partition with a sequence of its own",
         make="CREATE TABLE t (id bigint, k integer) PARTITION BY RANGE (k);"
              " CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9);"
              " CREATE SEQUENCE s; ALTER TABLE t1 ALTER id SET DEFAULT nextval('s')",
         following=1, limit=INT8, by="column {}.t1.id (bigint)", left=INT8,
         used=(0, INT8), fed=("t1.id:default",)),
    Case(name="identity of a partitioned table",
         make="CREATE TABLE t (id integer GENERATED BY DEFAULT AS IDENTITY, k integer)"
              " PARTITION BY LIST (k);"
              " CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)",
         sequence="t_id_seq", following=1, limit=INT4, by="column {}.t.id (integer)",
         left=INT4, used=(0, INT4), fed=("t.id:identity",)),
    Case(name="inherited default is reported once",
         make="CREATE TABLE t (id serial); CREATE TABLE child () INHERITS (t)",
         sequence="t_id_seq", following=1, limit=INT4, by="column {}.t.id (integer)",
         left=INT4, used=(0, INT4), fed=("t.id:owned",)),
    Case(name="default wrapped in a cast, and a text column on the same sequence",
         make="CREATE SEQUENCE s; CREATE TABLE t ("
              "id integer DEFAULT (nextval('s'))::integer,"
              " code text DEFAULT 'INV-' || nextval('s')::text);"
              " SELECT setval('s', 2040109465)",
         last=2040109465, following=2040109466, limit=INT4,
         by="column {}.t.id (integer)", left=107374182, used=(2040109465, INT4),
         fed=("t.code:computed", "t.id:default"),
         findings=("near_limit:critical", "column_narrower", "shared",
                   "computed_default")),
    Case(name="text column alone sets no limit",
         make="CREATE SEQUENCE s;"
              " CREATE TABLE t (code text DEFAULT 'INV-' || nextval('s')::text)",
         following=1, limit=INT8, by=BIGINT, left=INT8, used=(0, INT8),
         fed=("t.code:computed",), findings=("computed_default",)),
    # What a default makes of the values.
    Case(name="computes an id that is a thousand times the value",
         make="CREATE SEQUENCE s; CREATE TABLE t (id integer PRIMARY KEY"
              " DEFAULT nextval('s') * 1000 + 7); ALTER SEQUENCE s OWNED BY t.id;"
              " SELECT setval('s', 2147483)",
         last=2147483, following=2147484, limit=INT8, by=BIGINT, left=INT8 - 2147483,
         used=(2147483, INT8), fed=("t.id:computed",), findings=("computed_default",)),
    Case(name="computes remainders, which never end",
         make="CREATE SEQUENCE s; CREATE TABLE t (id smallint"
              " DEFAULT nextval('s') % 16); SELECT setval('s', 40000)",
         last=40000, following=40001, limit=INT8, by=BIGINT, left=INT8 - 40000,
         used=(40000, INT8), fed=("t.id:computed",), findings=("computed_default",)),
    Case(name="computes, from a sequence that has no call left",
         make="CREATE SEQUENCE s MAXVALUE 100; CREATE TABLE t (id integer"
              " DEFAULT 1000000000 + nextval('s')); SELECT setval('s', 100)",
         last=100, following=None, limit=100, by="sequence MAXVALUE 100", left=0,
         used=(1, 1), fed=("t.id:computed",),
         findings=("exhausted:critical", "computed_default")),
    Case(name="the last digits of a snowflake go round and round",
         make="CREATE SEQUENCE s MAXVALUE 1023 CYCLE; CREATE TABLE t (id bigint PRIMARY"
              " KEY DEFAULT (extract(epoch FROM now())::bigint << 23) | nextval('s'));"
              " SELECT setval('s', 1020)",
         last=1020, following=1021, limit=1023, by="sequence MAXVALUE 1023", left=3,
         used=(1020, 1023), fed=("t.id:computed",), findings=("computed_default",)),
    Case(name="a function that takes the sequence",
         make="CREATE SEQUENCE s; CREATE FUNCTION snowflake(regclass) RETURNS bigint"
              " LANGUAGE sql AS 'SELECT 4000000000000000000 + nextval($1)';"
              " CREATE TABLE t (id bigint DEFAULT snowflake('s')); SELECT setval('s', 9)",
         last=9, following=10, limit=INT8, by=BIGINT, left=INT8 - 9, used=(9, INT8),
         fed=("t.id:computed",), findings=("computed_default",)),
    Case(name="the worker of a cluster, at its end on purpose",
         make="CREATE SEQUENCE s AS integer; CREATE FUNCTION worker_nextval(regclass)"
              " RETURNS integer LANGUAGE plpgsql AS"
              " 'BEGIN RAISE ''call the coordinator''; END';"
              " CREATE TABLE t (id integer DEFAULT worker_nextval('s'));"
              " SELECT setval('s', 2147483647)",
         last=INT4, following=None, limit=INT4, by=INTEGER, left=None, used=None,
         fed=("t.id:computed",), findings=("computed_default",)),
    Case(name="a function of its own that calls the sequence",
         make="CREATE SEQUENCE s; CREATE FUNCTION numbered() RETURNS bigint"
              " BEGIN ATOMIC SELECT nextval('s'); END; CREATE TABLE t"
              " (id integer DEFAULT numbered()); SELECT setval('s', 9)",
         last=9, following=10, limit=INT8, by=BIGINT, left=INT8 - 9, used=(9, INT8),
         fed=("t.id:computed",), findings=("computed_default",), oldest=14),
    Case(name="a function of its own that calls one that calls the sequence, by an operator",
         make="CREATE SEQUENCE s; CREATE FUNCTION numbered() RETURNS bigint"
              " BEGIN ATOMIC SELECT nextval('s'); END; CREATE FUNCTION added(a integer)"
              " RETURNS bigint BEGIN ATOMIC SELECT numbered() + a; END; CREATE OPERATOR @@@"
              " (FUNCTION = added, RIGHTARG = integer); CREATE TABLE t"
              " (id integer DEFAULT @@@ 1); SELECT setval('s', 9)",
         last=9, following=10, limit=INT8, by=BIGINT, left=INT8 - 9, used=(9, INT8),
         fed=("t.id:computed",), findings=("computed_default",), oldest=14),
    # Owned, but called for nobody.
    Case(name="left over from before the column became an identity",
         make="CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t DEFAULT VALUES;"
              " SELECT setval('t_id_seq', 2147483600); ALTER TABLE t ALTER id DROP"
              " DEFAULT, ALTER id ADD GENERATED BY DEFAULT AS IDENTITY"
              " (SEQUENCE NAME other START 11)",
         sequence="t_id_seq", last=2147483600, following=2147483601, limit=INT4,
         by=INTEGER, left=None, used=None, fed=("t.id:owned",), findings=("leftover",)),
    Case(name="left over, for the default calls another sequence",
         make="CREATE SEQUENCE s; CREATE TABLE t (id serial PRIMARY KEY);"
              " ALTER TABLE t ALTER id TYPE bigint, ALTER id SET DEFAULT nextval('s')",
         sequence="t_id_seq", following=1, limit=INT4, by=INTEGER, left=None, used=None,
         fed=("t.id:owned",), findings=("leftover",)),
    Case(name="left over, for the column became a uuid",
         make="CREATE TABLE t (id serial); ALTER TABLE t ALTER id DROP DEFAULT;"
              " ALTER TABLE t ALTER id TYPE uuid USING gen_random_uuid(),"
              " ALTER id SET DEFAULT gen_random_uuid(); SELECT setval('t_id_seq', 2147483600)",
         sequence="t_id_seq", last=2147483600, following=2147483601, limit=INT4,
         by=INTEGER, left=None, used=None, fed=("t.id:owned",), findings=("leftover",)),
    Case(name="left over by one column, but called by another",
         make="CREATE TABLE t (id serial, other integer DEFAULT nextval('t_id_seq'));"
              " ALTER TABLE t ALTER id DROP DEFAULT, ALTER id ADD GENERATED BY DEFAULT"
              " AS IDENTITY (SEQUENCE NAME another); SELECT setval('t_id_seq', 2040109465)",
         sequence="t_id_seq", last=2040109465, following=2040109466, limit=INT4,
         by="column {}.t.other (integer)", left=107374182, used=(2040109465, INT4),
         fed=("t.id:owned", "t.other:default"), findings=("near_limit:critical",)),
    Case(name="shared by bigint, integer and smallint columns",
         make="CREATE SEQUENCE s; CREATE TABLE t (a bigint DEFAULT nextval('s'),"
              " b integer DEFAULT nextval('s'));"
              " CREATE TABLE u (c smallint DEFAULT nextval('s')); SELECT setval('s', 9)",
         last=9, following=10, limit=INT2, by="column {}.u.c (smallint)",
         left=INT2 - 9, used=(9, INT2),
         fed=("t.a:default", "t.b:default", "u.c:default"),
         findings=("column_narrower", "shared")),
    Case(name="domain over integer",
         make="CREATE DOMAIN positive AS integer CHECK (VALUE > 0); CREATE SEQUENCE s;"
              " CREATE TABLE t (id positive DEFAULT nextval('s'));"
              " SELECT setval('s', 2040109465)",
         last=2040109465, following=2040109466, limit=INT4,
         by="column {}.t.id ({}.positive)", left=107374182, used=(2040109465, INT4),
         fed=("t.id:default",), findings=("near_limit:critical", "column_narrower")),
    Case(name="domain over a domain over numeric(4)",
         make="CREATE DOMAIN four AS numeric(4); CREATE DOMAIN nested AS four;"
              " CREATE SEQUENCE s; CREATE TABLE t (id nested DEFAULT nextval('s'));"
              " SELECT setval('s', 10)",
         last=10, following=11, limit=9999, by="column {}.t.id ({}.nested)", left=9989,
         used=(10, 9999), fed=("t.id:default",), findings=("column_narrower",)),
    Case(name="default of a domain",
         make="CREATE SEQUENCE s;"
              " CREATE DOMAIN numbered AS smallint DEFAULT nextval('s');"
              " CREATE TABLE t (id numbered, other numbered DEFAULT 0)",
         following=1, limit=INT2, by="column {}.t.id ({}.numbered)", left=INT2,
         used=(0, INT2), fed=("t.id:default",), findings=("column_narrower",)),
    Case(name="numeric(6)",
         make="CREATE SEQUENCE s; CREATE TABLE t (id numeric(6) DEFAULT nextval('s'));"
              " SELECT setval('s', 999990)",
         last=999990, following=999991, limit=999999, by="column {}.t.id (numeric(6,0))",
         left=9, used=(999990, 999999), fed=("t.id:default",),
         findings=("near_limit:critical", "column_narrower")),
    Case(name="numeric(6,2) holds four digits before the point",
         make="CREATE SEQUENCE s;"
              " CREATE TABLE t (id numeric(6,2) DEFAULT nextval('s'))",
         following=1, limit=9999, by="column {}.t.id (numeric(6,2))", left=9999,
         used=(0, 9999), fed=("t.id:default",), findings=("column_narrower",)),
    Case(name="numeric(2,-3) rounds away from its last values",
         make="CREATE SEQUENCE s;"
              " CREATE TABLE t (id numeric(2,-3) DEFAULT nextval('s'))",
         following=1, limit=99499, by="column {}.t.id (numeric(2,-3))", left=99499,
         used=(0, 99499), fed=("t.id:default",), findings=("column_narrower",),
         oldest=15),
    Case(name="numeric without precision sets no limit",
         make="CREATE SEQUENCE s; CREATE TABLE t (id numeric DEFAULT nextval('s'))",
         following=1, limit=INT8, by=BIGINT, left=INT8, used=(0, INT8),
         fed=("t.id:default",)),
    # Past the limit.
    Case(name="past the column's limit, burning on",
         make="CREATE SEQUENCE s; CREATE TABLE t (id integer DEFAULT nextval('s'));"
              " SELECT setval('s', 4294967294)",
         last=4294967294, following=4294967295, limit=INT4,
         by="column {}.t.id (integer)", left=0, used=(2, 1), fed=("t.id:default",),
         findings=(*PAST, "column_narrower")),
    Case(name="at the column's limit: the next insert fails",
         make="CREATE SEQUENCE s; CREATE TABLE t (id integer DEFAULT nextval('s'));"
              " SELECT setval('s', 2147483647)",
         last=INT4, following=INT4 + 1, limit=INT4, by="column {}.t.id (integer)",
         left=0, used=(1, 1), fed=("t.id:default",),
         findings=(*PAST, "column_narrower")),
    Case(name="starts beyond what the column holds",
         make="CREATE SEQUENCE s MINVALUE 3000000000;"
              " CREATE TABLE t (id integer DEFAULT nextval('s'))",
         following=3000000000, limit=INT4, by="column {}.t.id (integer)", left=0,
         used=(1, 1), fed=("t.id:default",), findings=(*PAST, "column_narrower")),
    Case(name="a range wider than the column's at both ends",
         make="CREATE SEQUENCE s MINVALUE -9223372036854775808;"
              " CREATE TABLE t (id integer DEFAULT nextval('s')); SELECT setval('s', -1)",
         last=-1, following=0, limit=INT4, by="column {}.t.id (integer)", left=2**31,
         used=(1, 2), fed=("t.id:default",), findings=("column_narrower",)),
    # Names.
    Case(name="dots, quotes and spaces",
         make='CREATE SEQUENCE "a.b ""c"" d"', sequence='a.b "c" d', following=1,
         limit=INT8, by=BIGINT, left=INT8, used=(0, INT8), findings=OWN),
    Case(name="markup and percent signs",
         make='CREATE SEQUENCE "<b>100%s</b>[red]{x}"', sequence="<b>100%s</b>[red]{x}",
         following=1, limit=INT8, by=BIGINT, left=INT8, used=(0, INT8), findings=OWN),
    Case(name="newline, tab, backslash and single quote",
         make='CREATE SEQUENCE "a\nb\tc\\d\'e"', sequence="a\nb\tc\\d'e", following=1,
         limit=INT8, by=BIGINT, left=INT8, used=(0, INT8), findings=OWN),
    Case(name="unicode", make='CREATE SEQUENCE "Größe_序列_🚀"', sequence="Größe_序列_🚀",
         following=1, limit=INT8, by=BIGINT, left=INT8, used=(0, INT8), findings=OWN),
    Case(name="a keyword, in capitals",
         make='CREATE TABLE "Select" ("Order" serial)', sequence="Select_Order_seq",
         following=1, limit=INT4, by="column {}.Select.Order (integer)", left=INT4,
         used=(0, INT4), fed=("Select.Order:owned",)),
    # Persistence and leftovers.
    Case(name="unlogged on a primary", make="CREATE UNLOGGED TABLE t (id serial)",
         sequence="t_id_seq", following=1, limit=INT4, by="column {}.t.id (integer)",
         left=INT4, used=(0, INT4), fed=("t.id:owned",)),
    Case(name="dropped column's default no longer counts",
         make="CREATE SEQUENCE s;"
              " CREATE TABLE t (k integer, id smallint DEFAULT nextval('s'));"
              " ALTER TABLE t DROP COLUMN id",
         following=1, limit=INT8, by=BIGINT, left=INT8, used=(0, INT8), findings=OWN),
    Case(name="default of a view's column",
         make="CREATE SEQUENCE s; CREATE TABLE t (id smallint);"
              " CREATE VIEW v AS SELECT id FROM t;"
              " ALTER VIEW v ALTER id SET DEFAULT nextval('s')",
         following=1, limit=INT2, by="column {}.v.id (smallint)", left=INT2,
         used=(0, INT2), fed=("v.id:default",), findings=("column_narrower",)),
    Case(name="table and column renamed after the sequence was made",
         make="CREATE TABLE t (id serial); ALTER TABLE t RENAME TO renamed;"
              " ALTER TABLE renamed RENAME id TO key",
         sequence="t_id_seq", following=1, limit=INT4,
         by="column {}.renamed.key (integer)", left=INT4, used=(0, INT4),
         fed=("renamed.key:owned",)),
    Case(name="pre-8.1 text default leaves no trace in the catalog",
         make="CREATE SEQUENCE s;"
              " CREATE TABLE t (id integer DEFAULT nextval(('s'::text)::regclass))",
         following=1, limit=INT8, by=BIGINT, left=INT8, used=(0, INT8), findings=OWN),
)
# fmt: on
