"""How names, labels and numbers are spelled in both exposition formats."""

from __future__ import annotations

import math
from enum import StrEnum

from agent.metrics.families import Family, Labels, Sample, Value


class Format(StrEnum):
    """A format of exposition by its content type; they differ in headers only."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def header(family: Family, format_: Format) -> str:
    """The HELP and TYPE lines of a family."""
    name, text = family.name, _escaped_help(family.help)
    if format_ is Format.OPENMETRICS:
        text = text.replace('"', r"\"")
        if family.type == "counter":
            name = name.removesuffix("_total")
    return f"# HELP {name} {text}\n# TYPE {name} {family.type}\n"


def label_text(labels: Labels) -> str:
    r"""Labels as they stand between the braces.

    >>> print(label_text((("schemaname", "public"), ("sequencename", 'a"b'))))
    schemaname="public",sequencename="a\"b"
    """
    return ",".join([f'{name}="{escaped(value)}"' for name, value in labels])


def sample_line(name: str, labels: str, sample: Sample) -> str:
    """One line; `labels` is the text that all samples of one subject begin with."""
    more, value = sample
    if isinstance(value, float) and math.isnan(value):
        return ""  # no number is no fact: the sample is absent
    if more:
        labels = f"{labels},{label_text(more)}"
    return f"{name}{{{labels}}} {number(value)}\n"


def escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number(value: Value) -> str:
    """Integers exactly, floats so that they read back the same.

    >>> number(2**63 - 1), number(0.1 + 0.2), number(float("inf"))
    ('9223372036854775807', '0.30000000000000004', '+Inf')
    """
    if isinstance(value, int):
        return f"{value:d}"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    # Of float itself: subclasses such as numpy's spell themselves differently.
    return float.__repr__(value)


def _escaped_help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")
