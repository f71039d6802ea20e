"""The comments of values.yaml that begin with `--`, by the key they stand above."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][A-Za-z0-9]*):")
_MARK = "# -- "


def described(text: str) -> dict[str, str]:
    """
    >>> described("image:\\n  # -- Where from.\\n  # More, for readers.\\n  tag: 1\\n")
    {'image.tag': 'Where from.'}
    """
    return dict(_descriptions(text))


def _descriptions(text: str) -> Iterator[tuple[str, str]]:
    path: list[tuple[int, str]] = []
    comment = ""
    for line in text.splitlines():
        if line.lstrip().startswith(_MARK):
            comment = line.lstrip().removeprefix(_MARK)
        if found := _KEY.match(line):
            indent = len(found["indent"])
            path = [each for each in path if each[0] < indent]
            path.append((indent, found["key"]))
            if comment:
                yield ".".join(key for _, key in path), comment
            comment = ""


def leaves(values: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[str]:
    """Paths of what a user sets as one: what has a description, or nothing in it."""
    return _leaves(values, known, ())


def _leaves(
    values: Mapping[str, Any], known: Mapping[str, str], path: tuple[str, ...]
) -> Iterator[str]:
    for key, value in values.items():
        here = (*path, key)
        name = ".".join(here)
        if name in known or not isinstance(value, Mapping):
            yield name
        else:
            yield from _leaves(value, known, here)
