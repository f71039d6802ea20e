"""A seed as it is handed over to a server: statements by the batch, and rows for COPY."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from agent.domain.resets.seeds import (
    Aside,
    CopyFromStdin,
    Piece,
    Seed,
    SeedError,
    Statement,
    custom_settings,
    is_dump,
)
from agent.domain.resets.seeds_lexer import Assignment, assignment, pieces

# Many statements at once, but not so many that nobody could stop between them.
_BATCH_CHARACTERS = 1024**2

_UTF8 = ("utf8", "unicode", "default")
# Of PostgreSQL 17: a dump that is made with it sets it, whatever it is read by.
_OF_NEWER_DUMPS = ("transaction_timeout",)
_NOT_SETTINGS = ("session", "local", "time", "transaction", "constraints", "role")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Statements to be run one after another, as a JSON array of texts.

    `lines` are those where they begin.
    """

    statements: str = field(repr=False)
    lines: array[int] = field(repr=False)


Step = Batch | CopyFromStdin


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All that is to be run of a seed, and what is left out of it.

    `settings` are those with a dot in their names that it seems to set.
    """

    name: str
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()
    settings: frozenset[str] = frozenset()


def script(seed: Seed, *, conforming: bool, known_settings: Collection[str]) -> Script:
    """What a server is to run.

    `conforming` is standard_conforming_strings at the start, `known_settings` are
    those that the server has. Raises SeedError.
    """
    text = seed.text()
    reader = _Reader(seed.name, text, known_settings)
    steps = tuple(_steps(reader.wanted(pieces(seed.name, text, conforming=conforming))))
    return Script(
        name=seed.name,
        steps=steps,
        remarks=tuple(reader.remarks),
        settings=frozenset(custom_settings(text)),
    )


def _steps(wanted: Iterator[Statement | CopyFromStdin]) -> Iterator[Step]:
    statements: list[str] = []
    lines: array[int] = array("L")
    characters = 0
    for piece in wanted:
        copied = isinstance(piece, CopyFromStdin)
        if statements and (copied or characters > _BATCH_CHARACTERS):
            yield _batch(statements, lines)
            statements, lines, characters = [], array("L"), 0
        if isinstance(piece, CopyFromStdin):
            yield piece
            continue
        statements.append(piece.sql)
        lines.append(piece.line)
        characters += len(piece.sql)
    if statements:
        yield _batch(statements, lines)


def _batch(statements: list[str], lines: array[int]) -> Batch:
    # No \u escapes: servers whose encoding is not UTF8 take few of them.
    return Batch(statements=json.dumps(statements, ensure_ascii=False), lines=lines)


class _Reader:
    """Leaves out of a seed what means nothing to the server."""

    def __init__(self, name: str, text: str, known_settings: Collection[str]) -> None:
        self._name = name
        self._ascii = text.isascii()
        self._dumped = is_dump(text)
        self._known = known_settings
        self.remarks: list[str] = []

    def wanted(self, every: Iterator[Piece]) -> Iterator[Statement | CopyFromStdin]:
        for piece in every:
            match piece:
                case Aside():
                    continue
                case Statement() if self._needless(piece):
                    continue
                case _:
                    yield piece

    def _needless(self, statement: Statement) -> bool:
        # Cheaper than the whole of it, for each of a million statements.
        if statement.source[statement.start : statement.start + 3].lower() != "set":
            return False
        assigned = assignment(statement.sql)
        if assigned is None:
            return False
        if assigned.name == "client_encoding":
            self._check_encoding(assigned, statement.line)
            return True
        return self._unknown(assigned, statement.line)

    def _check_encoding(self, assigned: Assignment, line: int) -> None:
        """Whatever a seed of plain ASCII says of its encoding, it is UTF-8 too."""
        encoding = re.sub(r"[^a-z0-9]", "", assigned.value.lower())
        if not self._ascii and encoding not in _UTF8:
            raise SeedError(
                self._name,
                f"it says that it is in {assigned.value!r}, and is read as UTF-8: make it"
                " UTF-8, a dump with pg_dump --encoding=UTF8",
                line=line,
            )

    def _unknown(self, assigned: Assignment, line: int) -> bool:
        """Whether a newer pg_dump sets what this server does not have.

        psql goes on after the error; so do we, but only where a mistake is unlikely.
        """
        name = assigned.name
        if name in self._known or name in _NOT_SETTINGS:
            return False
        if not (self._dumped or name in _OF_NEWER_DUMPS):
            return False
        self.remarks.append(
            f"seed {self._name!r}, line {line}: left out, since this server has no"
            f" setting {name!r}"
        )
        return True
