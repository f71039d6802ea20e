"""What of a text of SQL is outside of literals, quoted names and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LETTER = r"[A-Za-z_\x80-\U0010ffff]"
_IN_WORD = r"[A-Za-z0-9_$\x80-\U0010ffff]"
_WORD = re.compile(rf"{_LETTER}{_IN_WORD}*")
_TAG = rf"\$(?:{_LETTER}[A-Za-z0-9_\x80-\U0010ffff]*)?\$"
_NUMBER = r"[0-9][A-Za-z0-9_.]*"
_STARTS_TAG = re.compile(_TAG)
_NOT_BLANK = re.compile(r"[^ \t\n\r\f\v]")
_LINE_END = re.compile(r"[\n\r]")
_COMMENT_SIGN = re.compile(r"/\*|\*/")


def _many(*alternatives: str) -> re.Pattern[str]:
    """As many as there are of these, up to a number: each turn is remembered."""
    return re.compile(f"(?:{'|'.join(alternatives)}){{0,500}}", re.DOTALL)


# Within a literal in which a backslash escapes.
_ESCAPES = _many(r"[^'\\]+", r"\\.", "''")
# Whatever is over where it seems to be, and means nothing here.
_INERT = (
    r"[^A-Za-z0-9_\x80-\U0010ffff'\"$;\\()/-]+",
    _NUMBER,
    r'"[^"]*"',
    r"-(?!-)",
    r"/(?!\*)",
    rf"\$(?!{_TAG[2:]})",
)
# E before a literal is no word.
_WORDS = rf"(?![eE]'){_LETTER}{_IN_WORD}*"
_TO_WORD = _many(*_INERT)
_TO_SIGN = {True: _many(*_INERT, _WORDS, "'[^']*'"), False: _many(*_INERT, _WORDS)}


def word_at(text: str, at: int) -> str:
    """The word that begins there, or nothing."""
    match = _WORD.match(text, at)
    return match[0] if match else ""


class Scanner:
    """A text, and whether a backslash in its literals is a character like any other."""

    def __init__(self, text: str, *, conforming: bool) -> None:
        self.text = text
        self.conforming = conforming
        self._after = {
            "'": self._after_literal,
            '"': self._after_name,
            "$": self._after_dollar,
            "-": self._after_dash,
            "/": self._after_slash,
        }

    def signs(self, at: int) -> Iterator[tuple[str, int]]:
        r"""Each of ( ) ; and \ from there on, and where it is; few words, if any."""
        return self._stops(at, _TO_SIGN[self.conforming])

    def signs_and_words(self, at: int) -> Iterator[tuple[str, int]]:
        """The same with all words, in small letters."""
        return self._stops(at, _TO_WORD)

    def _stops(self, at: int, inert: re.Pattern[str]) -> Iterator[tuple[str, int]]:
        text, after = self.text, self._after
        while True:
            match = inert.match(text, at)
            at = match.end() if match else at
            if at == len(text):
                return
            sign = text[at]
            if sign in "();\\":
                yield sign, at
                at += 1
            elif sign in after:
                at = after[sign](at)
            elif sign in "eE" and text.startswith("'", at + 1):
                at = self._after_escaped(at + 1)
            elif word := word_at(text, at):
                yield word.lower(), at
                at += len(word)

    def after_blanks(self, at: int) -> int:
        """Behind the blanks and comments that begin there."""
        text = self.text
        while match := _NOT_BLANK.search(text, at):
            at = match.start()
            if text.startswith("--", at):
                at = self._after_dash(at)
            elif text.startswith("/*", at) and self._ends(at):
                at = self._after_slash(at)
            else:
                return at
        return len(text)

    def _after_literal(self, at: int) -> int:
        if self.conforming:
            return self._behind("'", at + 1)
        return self._after_escapes(at + 1)

    def _after_escaped(self, at: int) -> int:
        """Behind a literal after E, and those that a line break joins to it."""
        at = self._after_escapes(at + 1)
        while (start := self._joined(at)) is not None:
            at = self._after_escapes(start + 1)
        return at

    def _after_escapes(self, at: int) -> int:
        text = self.text
        while match := _ESCAPES.match(text, at):
            if match.end() == at:  # the quote, or a backslash at the very end
                return min(at + 1, len(text))
            at = match.end()
        return len(text)

    def _joined(self, at: int) -> int | None:
        """Where a literal begins that goes on with the one before."""
        start = self.after_blanks(at)
        first = _NOT_BLANK.search(self.text, at)
        # Comments may stand behind the line break only, and be of one line each.
        until = first.start() if first else len(self.text)
        if not self.text.startswith("'", start) or "/*" in self.text[at:start]:
            return None
        return start if _LINE_END.search(self.text, at, until) else None

    def _after_name(self, at: int) -> int:
        return self._behind('"', at + 1)

    def _after_dollar(self, at: int) -> int:
        tag = _STARTS_TAG.match(self.text, at)
        return self._behind(tag[0], tag.end()) if tag else at + 1

    def _after_dash(self, at: int) -> int:
        if not self.text.startswith("--", at):
            return at + 1
        match = _LINE_END.search(self.text, at)
        return match.start() if match else len(self.text)

    def _after_slash(self, at: int) -> int:
        if not self.text.startswith("/*", at):
            return at + 1
        return self._after_comment(at) or len(self.text)

    def _ends(self, at: int) -> bool:
        return self._after_comment(at) is not None

    def _after_comment(self, at: int) -> int | None:
        """Behind a comment with those in it; None when it does not end."""
        depth = 0
        while match := _COMMENT_SIGN.search(self.text, at):
            depth += 1 if match[0] == "/*" else -1
            at = match.end()
            if not depth:
                return at
        return None

    def _behind(self, sign: str, at: int) -> int:
        place = self.text.find(sign, at)
        return len(self.text) if place < 0 else place + len(sign)
