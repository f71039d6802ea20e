"""What the relations of a database were, by oid, from the beginning of a run to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import psycopg
from psycopg.rows import kwargs_row

# A role that owns schemas can run these too: they look with the caller's rights.
FUNCTIONS = """\
CREATE FUNCTION kept.contents(relation oid, kind "char") RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    answer jsonb;
    furthest text;
BEGIN
    IF kind = 'S' THEN
        EXECUTE format(
            'SELECT jsonb_build_object(''value'', last_value, ''called'', is_called)'
            ' FROM %s', relation::regclass
        ) INTO answer;
        RETURN answer;
    END IF;
    SELECT string_agg(format('%L, max(%I)', a.attname, a.attname), ', ')
    INTO furthest
    FROM pg_attribute AS a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
        AND a.atttypid IN ('integer'::regtype, 'bigint'::regtype);
    EXECUTE format(
        'SELECT jsonb_build_object(''rows'', count(*), ''furthest'','
        ' jsonb_build_object(%s)) FROM ONLY %s', furthest, relation::regclass
    ) INTO answer;
    RETURN answer;
END $$;
"""
_RELATIONS = """\
SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    c.relkind::text AS kind,
    c.relfilenode::bigint AS filenode,
    array(
        SELECT d.refobjid::bigint FROM pg_depend AS d
        WHERE c.relkind = 'S' AND d.objid = c.oid AND d.refobjsubid > 0
            AND d.classid = 'pg_class'::regclass
            AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    ) AS owners,
    array(
        SELECT jsonb_build_array(a.attrelid::bigint, a.attname) FROM pg_attribute AS a
        WHERE c.relkind = 'S' AND a.atttypid IN ('integer'::regtype, 'bigint'::regtype)
            AND (
                EXISTS (
                    SELECT FROM pg_depend AS d
                    WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass
                        AND d.refclassid = 'pg_class'::regclass
                        AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
                )
                OR EXISTS (
                    SELECT FROM pg_attrdef AS e
                    INNER JOIN pg_depend AS d ON d.objid = e.oid
                    WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum
                        AND d.classid = 'pg_attrdef'::regclass
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                )
            )
    ) AS columns
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'S')
    AND n.nspname !~ '^pg_' AND n.nspname
    NOT IN ('information_schema', 'kept', 'public', 'sequence_agent')
"""
_CONTENTS = 'SELECT kept.contents(%s::bigint::oid, %s::text::"char")'
COUNTED = frozenset("rS")


@dataclass(frozen=True, kw_only=True)
class NamedRelation:
    """A relation as the catalogs had it at one moment.

    Of a sequence: the tables whose columns own it, and the integer columns, with the
    oids of their tables, that have their values from it.
    """

    oid: int
    schema: str
    name: str
    kind: str
    filenode: int
    owners: list[int]
    columns: list[tuple[int, str]]

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class Names:
    """All relations at one moment, and what had led to it."""

    after: str
    relations: Mapping[int, NamedRelation]

    def called(self, qualified: str) -> NamedRelation | None:
        found = (r for r in self.relations.values() if r.qualified == qualified)
        return next(found, None)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What one relation held: a table its rows, a sequence its value."""

    filenode: int
    rows: int | None = None
    furthest: Mapping[str, int | None] = field(default_factory=dict)
    value: int | None = None
    called: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """Two looks at a relation between which only the run can have changed it."""

    before: Contents
    after: Contents

    @property
    def happened(self) -> bool:
        return self.before != self.after


@dataclass
class History:
    """Every state of the names, in order, and every look at what relations held."""

    names: list[Names] = field(default_factory=list)
    _looks: dict[int, list[tuple[bool, Contents]]] = field(default_factory=dict)

    def changes(self) -> dict[int, list[Change]]:
        """What the run did to each relation that was there all the time or a while."""
        return {oid: list(_changes(looks)) for oid, looks in self._looks.items()}

    def first(self, oid: int) -> Contents:
        return self._looks[oid][0][1]

    def last(self, oid: int) -> Contents:
        return self._looks[oid][-1][1]

    def known(self, oid: int) -> bool:
        return oid in self._looks

    def add(self, names: Names, looks: Mapping[int, Contents], *, ours: bool) -> None:
        """`ours`: what is different now, we have changed since the last look."""
        self.names.append(names)
        for oid, contents in looks.items():
            self._looks.setdefault(oid, []).append((ours, contents))

    def look_again(self, looks: Mapping[int, Contents]) -> None:
        """At relations that are about to be changed by us."""
        for oid, contents in looks.items():
            self._looks.setdefault(oid, []).append((False, contents))


def _changes(looks: list[tuple[bool, Contents]]) -> Iterator[Change]:
    for (_, before), (ours, after) in pairwise(looks):
        if not ours:
            yield Change(before=before, after=after)


def names_at(connection: psycopg.Connection[Any], *, after: str) -> Names:
    with connection.cursor(row_factory=kwargs_row(_row)) as cursor:
        found = cursor.execute(_RELATIONS.encode()).fetchall()
    return Names(after=after, relations={each.oid: each for each in found})


def _row(**values: Any) -> NamedRelation:
    columns = [(int(table), str(name)) for table, name in values.pop("columns")]
    return NamedRelation(columns=columns, **values)


def contents_of(
    connection: psycopg.Connection[Any], relations: Iterable[NamedRelation]
) -> dict[int, Contents]:
    """By oid; of what holds rows or values itself."""
    return {
        each.oid: _contents(connection, each)
        for each in relations
        if each.kind in COUNTED
    }


def _contents(connection: psycopg.Connection[Any], relation: NamedRelation) -> Contents:
    row = connection.execute(_CONTENTS, [relation.oid, relation.kind]).fetchone()
    assert row is not None
    return Contents(filenode=relation.filenode, **row[0])
