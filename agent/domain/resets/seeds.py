"""A seed, the SQL that is run after a reset, and the pieces that it consists of."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.errors import AgentError

Content = bytes

_ENCODING_REMEDY = "make it UTF-8, a dump with pg_dump --encoding=UTF8"
# By pg_dump in the first lines of each of its files.
_DUMPED = re.compile(r"^-- Dumped by pg_dump version ", re.MULTILINE)
_HEAD = 2000
_CUSTOM_SETTING = re.compile(
    r"\bset_config\s*\(\s*'([^'\s]+\.[^'\s]+)'"
    r"|\bSET\s+(?:SESSION\s+|LOCAL\s+)?([A-Za-z_][\w$]*\.[A-Za-z_][\w$]*)",
    re.IGNORECASE | re.ASCII,
)


class SeedError(AgentError):
    """A seed that cannot be run, with its line where there is one."""

    def __init__(self, seed: str, reason: str, *, line: int | None = None) -> None:
        place = "" if line is None else f", line {line}"
        super().__init__(f"seed {seed!r}{place}: {reason}")


@dataclass(frozen=True, slots=True)
class Seed:
    """A file of SQL that is run after a reset, in its transaction; its bytes as read."""

    name: str
    content: Content = field(repr=False)

    @property
    def bytes(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def text(self) -> str:
        """The text as the server is to get it. Raises SeedError."""
        if self.content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise SeedError(
                self.name,
                "not UTF-8 but UTF-16, as '>' of PowerShell writes it: dump with"
                " pg_dump --encoding=UTF8 --file=…",
                line=1,
            )
        try:
            text = self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SeedError(
                self.name,
                f"not UTF-8: {_ENCODING_REMEDY}",
                line=self._line_at(error.start),
            ) from None
        if (nul := self.content.find(b"\0")) >= 0:
            raise SeedError(
                self.name,
                "a NUL byte, which no text in PostgreSQL can hold: a seed is plain SQL,"
                " a dump of the format 'plain'",
                line=self._line_at(nul),
            )
        return text

    def _line_at(self, offset: int) -> int:
        return self.content.count(b"\n", 0, offset) + 1


@dataclass(frozen=True, slots=True)
class Aside:
    r"""Text with nothing to run: blanks, comments, `;` alone, `\restrict` of pg_dump."""

    source: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, with the blanks and comments before it and its `;`.

    `line` is that of its first word, which stands at `start` of `source`.
    """

    source: str
    start: int
    line: int

    @property
    def sql(self) -> str:
        return self.source[self.start :]


@dataclass(frozen=True, slots=True)
class CopyFromStdin:
    r"""A `COPY … FROM stdin` with the lines that follow it, up to the one that is `\.`.

    The lines stand from `data_start` to `data_end` of `source`.
    """

    source: str
    start: int
    line: int
    data_start: int
    data_end: int

    @property
    def sql(self) -> str:
        return self.source[self.start : self.data_start]

    @property
    def data(self) -> str:
        return self.source[self.data_start : self.data_end]

    @property
    def data_line(self) -> int:
        """The number of the first line of data."""
        return self.line + self.source.count("\n", self.start, self.data_start)


Piece = Aside | Statement | CopyFromStdin


def is_dump(text: str) -> bool:
    """Whether pg_dump wrote it."""
    return _DUMPED.search(text[:_HEAD]) is not None


def custom_settings(text: str) -> Iterator[str]:
    """The settings with a dot in their names that the text seems to set.

    >>> list(custom_settings("SET app.tenant = 7; SELECT set_config('app.user', '', true)"))
    ['app.tenant', 'app.user']
    """
    for match in _CUSTOM_SETTING.finditer(text):
        yield match[1] or match[2]
