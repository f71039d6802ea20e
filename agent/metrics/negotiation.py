"""What the headers of a scrape ask for: a format, and whether gzip is welcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.metrics.lines import Format

_QUALITY = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")  # RFC 9110, section 12.4.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """One of the values of an Accept header or the like."""

    value: str
    parameters: Mapping[str, str]
    quality: float


# What a format answers to, the most specific first. A wildcard asks for anything, and
# gets the format that everything reads; OpenMetrics is for those who name it.
_NAMES = {
    Format.OPENMETRICS: ("application/openmetrics-text", "application/*"),
    Format.TEXT: ("text/plain", "text/*", "*/*"),
}
_VERSIONS = {Format.OPENMETRICS: "1.0.0", Format.TEXT: "0.0.4"}


def format_for(accept: str) -> Format:
    """The format that an Accept header prefers; text where it asks for neither.

    >>> format_for("application/openmetrics-text;version=1.0.0,text/plain;q=0.5").name
    'OPENMETRICS'
    >>> format_for("*/*").name
    'TEXT'
    """
    choices = _choices(accept)
    wishes = [(_wish(format_, choices), format_) for format_ in _NAMES]
    (quality, _), best = max(wishes, key=lambda each: each[0])
    return best if quality > 0 else Format.TEXT


def gzip_welcome(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header prefers gzip to no encoding.

    >>> gzip_welcome("br, gzip"), gzip_welcome("gzip;q=0, *"), gzip_welcome("")
    (True, False, False)
    """
    quality = {choice.value: choice.quality for choice in _choices(accept_encoding)}
    gzip = quality.get("gzip", quality.get("x-gzip", quality.get("*", 0)))
    return gzip > 0 and gzip >= quality.get("identity", 0)


def _wish(format_: Format, choices: list[_Choice]) -> tuple[float, int]:
    """The quality of the most specific choice that a format meets, and how specific."""
    for rank, name in enumerate(_NAMES[format_]):
        met = [c for c in choices if c.value == name and _same_version(c, format_)]
        if met:
            return max(choice.quality for choice in met), -rank
    return 0, 0


def _same_version(choice: _Choice, format_: Format) -> bool:
    return choice.parameters.get("version") in {None, _VERSIONS[format_]}


def _choices(header: str) -> list[_Choice]:
    return [_choice(item) for item in header.lower().split(",")]


def _choice(item: str) -> _Choice:
    value, *rest = (part.strip() for part in item.split(";"))
    pairs = (part.partition("=") for part in rest)
    parameters = {name.strip(): text.strip().strip('"') for name, _, text in pairs}
    asked = parameters.get("q", "1")
    # A quality that is no number is a choice that cannot be meant.
    quality = float(asked) if _QUALITY.fullmatch(asked) else 0.0
    return _Choice(value=value, parameters=parameters, quality=quality)
