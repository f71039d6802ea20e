"""A YAML file as a tree of texts, with the line of everything in it.

Scalars stay the texts that were written, `${VAR}` expanded in each by itself, so that a
value can never change the structure. Types are the models' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from agent.config.expansion import expand
from agent.config.problems import ConfigError, Place, Problem, written
from agent.config.syntax import compose

Tree = str | list["Tree"] | dict[str, "Tree"] | None

# A kilobyte of aliases to aliases can stand for more values than a machine can hold.
_MOST_VALUES = 50_000
_DEEPEST = 32
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_Entry = tuple[yaml.ScalarNode, yaml.Node]
_KNOWN_TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in (
        *("bool", "float", "int", "map", "merge"),
        *("null", "seq", "str", "timestamp", "value"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says, on which line it says it, and what is wrong with that.

    `varying` are the places whose values depend on the environment.
    """

    tree: dict[str, Tree]
    lines: Mapping[Place, int]
    varying: frozenset[Place]
    problems: tuple[Problem, ...]
    troubled: frozenset[Place]

    def located(self, mistakes: Iterable[tuple[Place, str]]) -> Iterator[Problem]:
        """Give each mistake its line; the first one is enough for a place."""
        told = set(self.troubled)
        for place, message in mistakes:
            if place not in told:
                told.add(place)
                yield Problem(self._line(place), written(place), message)

    def _line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that was written."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]


def parse(content: bytes, source: str, environ: Mapping[str, str]) -> Document:
    """Read one YAML mapping; raise ConfigError where there is no tree to speak of."""
    root = compose(content, source)
    reader = _Reader(source=source, environ=environ, lines={(): _line(root)})
    tree = reader.mapping(root, ())
    return Document(
        tree=tree,
        lines=reader.lines,
        varying=frozenset(reader.varying),
        problems=tuple(reader.problems),
        troubled=frozenset(reader.troubled),
    )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """One walk over the nodes of a document."""

    source: str
    environ: Mapping[str, str]
    lines: dict[Place, int]
    varying: set[Place] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    troubled: set[Place] = field(default_factory=set)
    values: int = 0
    inside: set[int] = field(default_factory=set)

    def mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        with self._entered(node):
            for key, value in self._entries(node, place):
                here = (*place, key.value)
                self.lines[here] = _line(key)
                tree[key.value] = self._value(value, here)
        return tree

    def _value(self, node: yaml.Node, place: Place) -> Tree:
        if node.tag not in _KNOWN_TAGS:
            self._complain(node, place, "has a tag, such as !text; leave it out")
        match node:
            case yaml.MappingNode():
                return self.mapping(node, place)
            case yaml.SequenceNode():
                return self._sequence(node, place)
            case _:
                return self._scalar(node, place)

    def _sequence(self, node: yaml.SequenceNode, place: Place) -> list[Tree]:
        tree: list[Tree] = []
        with self._entered(node):
            for index, item in enumerate(node.value):
                self._count()
                self.lines[(*place, index)] = _line(item)
                tree.append(self._value(item, (*place, index)))
        return tree

    def _scalar(self, node: yaml.Node, place: Place) -> str | None:
        if node.tag == _NULL:
            return None
        if "${" in node.value:
            self.varying.add(place)
        try:
            text = expand(node.value, self.environ)
            text.encode()
        except UnicodeEncodeError:
            self._complain(node, place, "has characters that are none")
        except ValueError as error:
            self._complain(node, place, str(error))
        else:
            return text
        return "?"  # something stands here, however wrong

    def _entries(self, node: yaml.MappingNode, place: Place) -> Iterator[_Entry]:
        """Yield the mapping's own entries, then those that `<<` brings in beside them."""
        taken: dict[str, int] = {}
        for key, value in self._own(node, place):
            if key.value in taken:
                first = taken[key.value]
                here = (*place, key.value)
                self._complain(key, here, f"is given twice, first on line {first}")
                continue
            taken[key.value] = _line(key)
            yield key, value
        for key, value in self._merged(node, place):
            if key.value not in taken:
                taken[key.value] = _line(key)
                yield key, value

    def _own(self, node: yaml.MappingNode, place: Place) -> Iterator[_Entry]:
        for key, value in node.value:
            self._count()
            if not isinstance(key, yaml.ScalarNode) or not _is_plain(key):
                self._complain(key, place, "has a key that is not plain text")
            elif key.tag != _MERGE:
                yield key, value

    def _merged(self, node: yaml.MappingNode, place: Place) -> Iterator[_Entry]:
        for key, value in node.value:
            if key.tag != _MERGE:
                continue
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in sources:
                if not isinstance(source, yaml.MappingNode):
                    self._complain(key, (*place, "<<"), "takes a mapping, by *alias")
                    continue
                with self._entered(source):
                    yield from self._entries(source, place)

    @contextmanager
    def _entered(self, node: yaml.Node) -> Iterator[None]:
        if id(node) in self.inside:
            self._give_up(node, "contains itself, by an alias")
        if len(self.inside) == _DEEPEST:
            self._give_up(node, "nests too deeply")
        self.inside.add(id(node))
        yield
        self.inside.discard(id(node))

    def _count(self) -> None:
        self.values += 1
        if self.values > _MOST_VALUES:
            message = f"holds more than {_MOST_VALUES} values, with its aliases"
            raise ConfigError([Problem(None, "", message)], self.source)

    def _complain(self, node: yaml.Node, place: Place, message: str) -> None:
        self.troubled.add(place)
        self.problems.append(Problem(_line(node), written(place), message))

    def _give_up(self, node: yaml.Node, message: str) -> NoReturn:
        raise ConfigError([Problem(_line(node), "", message)], self.source)


def _is_plain(key: yaml.ScalarNode) -> bool:
    return key.tag in _KNOWN_TAGS and not re.search("[\ud800-\udfff]", key.value)


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
