"""Passwords, and texts that may hold one: kept out of everything that is printed."""

from __future__ import annotations

import re
from typing import NoReturn, final

_SHOWN = "***"


@final
class Secret:
    """A text that prints as `***`, such as a password or a DSN that holds one.

    Only `reveal` has it, for whoever connects. It is no `str`, so that no format, no
    concatenation and no encoder takes the text along.

    >>> secret = Secret("hunter2")
    >>> print(f"{secret} {secret!r} {[secret]} {secret.reveal()}")
    *** *** [***] hunter2
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __str__(self) -> str:
        return _SHOWN

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(_SHOWN, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never written down")


def without_secrets(text: str) -> str:
    """The text with passwords blotted out, for messages repeat what they were given.

    >>> without_secrets("unexpected argument (postgres://app:p@ss/w@db/app)")
    'unexpected argument (postgres://app:***@db/app)'
    >>> without_secrets("host=db password='o''l d' user=app")
    'host=db password=*** user=app'
    """
    text = re.sub(r"(://[^/\s]*?:).*@", r"\1***@", text)
    return re.sub(
        r"(password\s*=\s*)('(?:[^'\\]|\\.|'')*'?|[^\s&]*)",
        r"\1***",
        text,
        flags=re.IGNORECASE,
    )
