"""What is true of the sequences of a database, found out in other ways than the agent's.

Links by the text of defaults and by what vanishes with a column; limits by storing
values into a column of the type; what is taken by full scans; calls by calling.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import errors, sql

_CAST = r'(?:::(?:"[^"]+"|[a-z][a-z ]*|\w+\.\w+)(?:\(\d+(?:,-?\d+)?\))?)'
# Under casts and parentheses only, the value is handed on as it is.
_PLAIN = re.compile(rf"\(*nextval\('(.+?)'::regclass\)(?:\)|{_CAST})*")
_MENTIONED = re.compile(r"'((?:[^']|'')+)'::regclass")

_COLUMNS = """
SELECT a.attrelid, n.nspname, c.relname, a.attname, a.attnum,
    format_type(a.atttypid, a.atttypmod), a.attidentity, c.relkind, a.attinhcount > 0,
    pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v')
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname !~ '^(pg_|information)'
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    AND a.attgenerated = ''
WHERE a.attnum > 0 AND NOT a.attisdropped
ORDER BY 2, 3, 5
"""
_SEQUENCES = """
SELECT c.oid, n.nspname, c.relname, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle
FROM pg_sequence AS s
JOIN pg_class AS c ON c.oid = s.seqrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY 2, 3
"""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table, and how it comes by its values."""

    schema: str
    table: str
    name: str
    type: str
    identity: bool
    default: str | None

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.table}.{self.name}"

    @property
    def plain(self) -> str | None:
        """The sequence whose values it takes as they are."""
        found = _PLAIN.fullmatch(self.default or "")
        if found and re.search(r"::(real|double precision)", self.default or ""):
            return None  # these round
        return found[1].replace("''", "'") if found else None

    @property
    def mentioned(self) -> set[str]:
        return {
            name.replace("''", "'") for name in _MENTIONED.findall(self.default or "")
        }


@dataclass(kw_only=True)
class Truth:
    """One sequence: its columns by link, and what was found out about it."""

    schema: str
    name: str
    oid: int
    increment: int
    minimum: int
    maximum: int
    cycle: bool
    last_value: int = 0
    is_called: bool = False
    links: dict[str, str] = field(default_factory=dict)
    limit: int = 0
    behind: int | None = 0

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def next(self) -> int:
        """The value of the next call, whether there is one or not."""
        return self.last_value + self.increment if self.is_called else self.last_value

    @property
    def left(self) -> int:
        """Calls whose value is not beyond the limit."""
        room = (self.limit - self.next) // self.increment
        return max(0, room + 1)


class Oracle:
    """Asks one database, as a superuser."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        connection.execute("SET search_path = ''")

    def truths(self) -> dict[str, Truth]:
        """Every sequence of the database by its qualified name."""
        found = {
            t.qualified: t
            for t in (
                Truth(
                    schema=s,
                    name=n,
                    oid=o,
                    increment=i,
                    minimum=lo,
                    maximum=hi,
                    cycle=c,
                )
                for o, s, n, i, lo, hi, c in self._rows(_SEQUENCES)
            )
        }
        by_oid = {truth.oid: truth for truth in found.values()}
        fed: defaultdict[str, list[Column]] = defaultdict(list)
        for column in self._columns():
            for truth, link in self._links(column, by_oid):
                truth.links[column.qualified] = link
                if link in {"owned", "identity", "default"}:
                    fed[truth.qualified].append(column)
        for name, truth in found.items():
            self._read(truth)
            self._measure(truth, fed[name])
        return found

    def _rows(self, statement: str) -> list[tuple]:  # type: ignore[type-arg]
        return self._connection.execute(statement.encode()).fetchall()

    def _columns(self) -> Iterator[Column]:
        """Of each table; of partitions and children only what is their own."""
        rows = self._rows(_COLUMNS)
        for (
            _,
            schema,
            table,
            name,
            _,
            kind,
            identity,
            _,
            inherited,
            text,
            of_domain,
        ) in rows:
            default = text if text is not None else of_domain
            if inherited and not self._is_its_own(rows, schema, table, name, default):
                continue
            yield Column(
                schema=schema,
                table=table,
                name=name,
                type=kind,
                identity=bool(identity),
                default=default,
            )

    def _is_its_own(
        self,
        rows: list[tuple],  # type: ignore[type-arg]
        schema: str,
        table: str,
        name: str,
        default: str | None,
    ) -> bool:
        """Whether a child has another default than its parents."""
        parents = {
            tuple(row)
            for row in self._connection.execute(
                "SELECT n.nspname, p.relname FROM pg_catalog.pg_inherits AS i"
                " JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent"
                " JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace"
                " WHERE i.inhrelid = pg_catalog.format('%%I.%%I', %s::text, %s::text)"
                "::regclass",
                [schema, table],
            ).fetchall()
        }
        return default is not None and all(
            row[9] != default
            for row in rows
            if (row[1], row[2]) in parents and row[3] == name
        )

    def _links(
        self, column: Column, by_oid: dict[int, Truth]
    ) -> Iterator[tuple[Truth, str]]:
        owned = self._vanishing_with(column)
        mentioned = {self._oid(name): name == column.plain for name in column.mentioned}
        for oid in owned | mentioned.keys():
            if oid in by_oid:
                yield by_oid[oid], self._link(column, oid, owned, mentioned)

    def _link(
        self, column: Column, oid: int, owned: set[int], mentioned: dict[int, bool]
    ) -> str:
        if oid in mentioned:
            plain = mentioned[oid]
            return ("owned" if oid in owned else "default") if plain else "computed"
        if column.identity:
            return "identity" if self._is_identity(oid) else "leftover"
        if column.default is None:
            return "owned"
        elsewhere = column.mentioned or not self._takes(column.type, 1)
        return "leftover" if elsewhere else "computed"

    def _is_identity(self, oid: int) -> bool:
        """The sequence that an insert by default calls."""
        [(kind,)] = self._connection.execute(
            "SELECT count(*) FROM pg_catalog.pg_depend WHERE objid = %s"
            " AND classid = 'pg_catalog.pg_class'::regclass AND deptype = 'i'",
            [oid],
        ).fetchall()
        return bool(kind)

    def _vanishing_with(self, column: Column) -> set[int]:
        """The sequences that are gone when the column is dropped."""
        before = {row[0] for row in self._rows(_SEQUENCES)}
        try:
            with self._undone():
                self._connection.execute(
                    sql.SQL("ALTER TABLE {} DROP COLUMN {} CASCADE").format(
                        sql.Identifier(column.schema, column.table),
                        sql.Identifier(column.name),
                    )
                )
                return before - {row[0] for row in self._rows(_SEQUENCES)}
        except errors.WrongObjectType:  # a view
            return set()
        except errors.InvalidTableDefinition:  # inherited, or a key of partitions
            return self._serial(column)

    def _serial(self, column: Column) -> set[int]:
        [(name,)] = self._connection.execute(
            "SELECT pg_catalog.pg_get_serial_sequence("
            "pg_catalog.format('%%I.%%I', %s::text, %s::text), %s)",
            [column.schema, column.table, column.name],
        ).fetchall()
        return set() if name is None else {self._oid(name)}

    def _oid(self, name: str) -> int:
        [(oid,)] = self._connection.execute(
            "SELECT %s::regclass::oid", [name]
        ).fetchall()
        return int(oid)

    @contextmanager
    def _undone(self) -> Iterator[None]:
        with self._connection.transaction(force_rollback=True):
            yield

    def _read(self, truth: Truth) -> None:
        statement = sql.SQL("SELECT last_value, is_called FROM {}").format(
            sql.Identifier(truth.schema, truth.name)
        )
        [(truth.last_value, truth.is_called)] = self._connection.execute(
            statement
        ).fetchall()

    def _measure(self, truth: Truth, columns: list[Column]) -> None:
        up = truth.increment > 0
        limits = [truth.maximum if up else truth.minimum]
        limits += [self._furthest_stored(column.type, truth) for column in columns]
        truth.limit = min(limits) if up else max(limits)
        taken = [self._taken(column, truth) for column in columns]
        truth.behind = max(taken, default=0)

    def _furthest_stored(self, kind: str, truth: Truth) -> int:
        """The value furthest from the start that a column of the type takes."""
        up = truth.increment > 0
        near, far = (0, truth.maximum) if up else (0, truth.minimum)
        if self._takes(kind, far):
            return far
        while abs(far - near) > 1:
            middle = (near + far) // 2
            near, far = (middle, far) if self._takes(kind, middle) else (near, middle)
        return near

    def _takes(self, kind: str, value: int) -> bool:
        with self._undone():
            self._connection.execute(f"CREATE TEMP TABLE probe (v {kind})".encode())
            try:
                self._connection.execute(
                    "INSERT INTO pg_temp.probe SELECT %s::bigint", [value]
                )
            except (
                errors.NumericValueOutOfRange,
                errors.StringDataRightTruncation,
                errors.DatatypeMismatch,  # a uuid
            ):
                return False
        return True

    def _taken(self, column: Column, truth: Truth) -> int:
        """How many calls pass before all values to come are free, by reading all rows."""
        statement = sql.SQL("SELECT {}::text FROM {}").format(
            sql.Identifier(column.name), sql.Identifier(column.schema, column.table)
        )
        values = [row[0] for row in self._connection.execute(statement).fetchall()]
        steps = [
            (int(value) - truth.next) // truth.increment
            for value in values
            if value is not None
            and re.fullmatch(r"-?\d+", value)
            and (int(value) - truth.next) % truth.increment == 0
        ]
        return max((step + 1 for step in steps if step >= 0), default=0)
