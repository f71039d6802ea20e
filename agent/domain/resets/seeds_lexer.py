r"""Where the statements of a seed begin and end, by the rules of psql.

Nobody relies on it for safety: each statement is run where it cannot end a transaction,
and one that is cut in the wrong place is one that the server refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent.domain.resets.seeds import (
    Aside,
    CopyFromStdin,
    Piece,
    SeedError,
    Statement,
)
from agent.domain.resets.seeds_scanner import Scanner, word_at

_COMMAND = re.compile(r"\\[^\s\\]*")
_RESTRICT = re.compile(r"\\(?:un)?restrict\b[^\n]*+\n?")
_REST_OF_LINE = re.compile(r"[ \t\r\f\v]*+(?:--[^\n]*+)?(?:\n|\Z)")
_END_OF_DATA = re.compile(r"^\\\.\r?(?:\n|\Z)", re.MULTILINE)
_ASSIGNMENT = re.compile(
    r"set\s+(?:(?:session|local)\s+)?"
    r"(?:(?P<name>[a-z_]\w*)(?:\s*=|\s+to\b)|(?P<names>names)\b)"
    r"\s*'?(?P<value>[^';]*)'?\s*;?\Z",
    re.IGNORECASE | re.ASCII,
)
_DEEPER = {"(": 1, ")": -1}
_OFF = ("off", "of", "false", "fals", "fal", "fa", "f", "no", "n", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a statement `SET name = value` sets."""

    name: str
    value: str


def assignment(sql: str) -> Assignment | None:
    """What the statement sets, if it is a SET of one setting to one value.

    >>> assignment("SET LOCAL Row_Security TO 'off';")
    Assignment(name='row_security', value='off')
    >>> assignment("set names 'latin1'")
    Assignment(name='client_encoding', value='latin1')
    """
    match = _ASSIGNMENT.match(sql)
    if match is None:
        return None
    name = "client_encoding" if match["names"] else match["name"].lower()
    return Assignment(name=name, value=match["value"].strip())


def pieces(name: str, text: str, *, conforming: bool = True) -> Iterator[Piece]:
    r"""All of the text, in its order.

    `name` is that of the seed, `conforming` is what standard_conforming_strings is at
    its start: whether a backslash is a character like any other. Raises SeedError for
    commands of psql other than `\restrict`.
    """
    return _Lexer(name, text, conforming=conforming).pieces()


class _Lexer:
    """One pass through a text."""

    def __init__(self, name: str, text: str, *, conforming: bool) -> None:
        self._name = name
        self._text = text
        self._scanner = Scanner(text, conforming=conforming)
        self._conforming_at_first = conforming
        self._at = 0  # where the next piece begins
        self._line = 1  # that of `_at`

    def pieces(self) -> Iterator[Piece]:
        while self._at < len(self._text):
            piece = self._piece()
            self._at += len(piece.source)
            self._line += piece.source.count("\n")
            yield piece

    def _piece(self) -> Piece:
        text = self._text
        start = self._scanner.after_blanks(self._at)
        if start == len(text):
            return Aside(text[self._at :])
        if text[start] == ";":
            return Aside(text[self._at : start + 1])
        if text[start] == "\\":
            return self._restrict(start)
        kind = word_at(text, start).lower()
        end = self._end_of_routine(start) if kind == "create" else self._end(start)
        if kind == "copy" and self._reads_lines(start, end):
            return self._copy(start, end)
        if kind in ("set", "reset"):
            self._heed(text[start:end])
        return Statement(text[self._at : end], start - self._at, self._line_of(start))

    def _end(self, start: int) -> int:
        """Behind the statement's `;`, or where the text ends."""
        depth = 0
        for sign, at in self._scanner.signs(start):
            if sign == ";" and not depth:
                return at + 1
            if sign == "\\":
                raise self._command(at)
            depth = max(0, depth + _DEEPER.get(sign, 0))
        return len(self._text)

    def _end_of_routine(self, start: int) -> int:
        """The same, heeding the body of a routine between BEGIN ATOMIC and END."""
        head: list[str] = []
        depth = begun = 0
        for sign, at in self._scanner.signs_and_words(start):
            if sign == ";" and not depth and not begun:
                return at + 1
            if sign == "\\":
                raise self._command(at)
            if sign in _DEEPER or sign == ";":
                depth = max(0, depth + _DEEPER.get(sign, 0))
                continue
            head += [sign] if len(head) < 4 else []
            if _is_routine(head) and not depth:
                begun = _begun(begun, sign)
        return len(self._text)

    def _reads_lines(self, start: int, end: int) -> bool:
        """Whether a COPY takes its rows from the lines behind it."""
        depth = 0
        for sign, at in self._scanner.signs_and_words(start):
            if at >= end:
                break
            depth += _DEEPER.get(sign, 0)
            if sign == "from" and not depth:
                source = self._scanner.after_blanks(at + len(sign))
                return word_at(self._text, source).lower() in ("stdin", "stdout")
        return False

    def _copy(self, start: int, end: int) -> CopyFromStdin:
        text = self._text
        line = self._line_of(start)
        rest = _REST_OF_LINE.match(text, end)
        if rest is None:
            raise SeedError(
                self._name,
                "there is more behind COPY … FROM stdin; on the same line: begin a new"
                " line for it, behind the rows and '\\.'",
                line=self._line_of(end),
            )
        last = _END_OF_DATA.search(text, rest.end())
        if text[end - 1] != ";" or last is None:
            raise SeedError(
                self._name,
                "the rows of COPY … FROM stdin do not end in a line that is '\\.': is"
                " the file cut off?",
                line=line,
            )
        at = self._at
        return CopyFromStdin(
            text[at : last.end()],
            start - at,
            line,
            rest.end() - at,
            last.start() - at,
        )

    def _restrict(self, start: int) -> Aside:
        match = _RESTRICT.match(self._text, start)
        if match is None:
            raise self._command(start)
        return Aside(self._text[self._at : match.end()])

    def _command(self, at: int) -> SeedError:
        match = _COMMAND.match(self._text, at)
        command = match[0] if match else "\\"
        return SeedError(
            self._name,
            f"{command!r} is a command of psql, and a seed is run without psql: write"
            " plain SQL, or what psql makes of it",
            line=self._line_of(at),
        )

    def _heed(self, sql: str) -> None:
        """Follow what the seed says of backslashes, as far as it says so plainly."""
        words = sql.rstrip("; \t\r\n").lower().split()
        if words in (["reset", "all"], ["reset", "standard_conforming_strings"]):
            self._scanner.conforming = self._conforming_at_first
        assigned = assignment(sql)
        if assigned and assigned.name == "standard_conforming_strings":
            self._scanner.conforming = assigned.value.lower() not in _OFF

    def _line_of(self, at: int) -> int:
        return self._line + self._text.count("\n", self._at, at)


def _is_routine(head: list[str]) -> bool:
    """Whether a statement makes a function or procedure, by its first words."""
    kind = head[3:4] if head[1:3] == ["or", "replace"] else head[1:2]
    return kind in (["function"], ["procedure"])


def _begun(begun: int, word: str) -> int:
    """How many bodies and CASEs are open behind the word."""
    if word == "begin" or (word == "case" and begun):
        return begun + 1
    return max(0, begun - 1) if word == "end" else begun
