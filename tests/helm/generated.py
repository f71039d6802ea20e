"""Writes what the chart takes from values.yaml and the agent: `python -m tests.helm.generated`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.helm.comments import described, leaves
from tests.helm.values_schema import values_schema

CHART = Path(__file__).parents[2] / "helm" / "sequence-agent"
VALUES = CHART / "values.yaml"
SCHEMA = CHART / "values.schema.json"
README = CHART / "README.md"
_BEGIN = "<!-- generated from values.yaml: python -m tests.helm.generated -->\n"
_END = "<!-- end -->\n"


def schema_text() -> str:
    schema = values_schema(described(VALUES.read_text()))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def with_table(document: str) -> str:
    """The document with the table of values between its two marks made anew."""
    before, _, rest = document.partition(_BEGIN)
    after = rest.partition(_END)[2]
    rows = "\n".join(_rows())
    return f"{before}{_BEGIN}\n{rows}\n\n{_END}{after}"


def _rows() -> Iterator[str]:
    text = VALUES.read_text()
    values, known = yaml.safe_load(text), described(text)
    yield "| value | default | meaning |\n|---|---|---|"
    for path in leaves(values, known):
        default = _default(_at(values, path))
        yield f"| `{path}` | {default} | {known[path].replace('|', '&#124;')} |"


def _at(values: Any, path: str) -> Any:
    for key in path.split("."):
        values = values[key]
    return values


def _default(value: Any) -> str:
    if value in ("", None, [], {}):
        return "none"
    if isinstance(value, str):
        return f"`{value}`"
    text = json.dumps(value)
    return f"`{text}`" if len(text) < 50 else "see values.yaml"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text())
    README.write_text(with_table(README.read_text()))
