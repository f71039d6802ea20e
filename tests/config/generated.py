"""Writes what the documentation takes from the models: `python -m tests.config.generated`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.config import json_schema

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = DOCS / "config.schema.json"
REFERENCE = DOCS / "configuration.md"
_BEGIN = "<!-- generated from the models: python -m tests.config.generated -->\n"
_END = "<!-- end -->\n"

Schema = Mapping[str, object]


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def with_tables(document: str) -> str:
    """The document with the tables of keys between its two marks made anew."""
    before, _, rest = document.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}\n{_tables()}\n{_END}{after}"


def _tables() -> str:
    schema = json_schema()
    return "\n".join(_section("", schema, schema))


def _section(path: str, schema: Schema, root: Schema) -> Iterator[str]:
    keys = _mapping(schema, "properties")
    sections = {key: _section_in(value, root) for key, value in keys.items()}
    if not all(sections.values()):
        yield f"### `{path}`\n\n{schema['description']}\n"
        yield "| key | takes | default | meaning |\n|---|---|---|---|"
        yield from (
            _row(key, schema) for key, section in sections.items() if not section
        )
        yield ""
    for key, section in sections.items():
        if section:
            yield from _section(_path(path, key, keys[key]), section, root)


def _path(path: str, key: str, value: Schema) -> str:
    inner = f"{path}.{key}" if path else key
    return f"{inner}[]" if any("items" in kind for kind in _kinds(value)) else inner


def _row(key: str, section: Schema) -> str:
    value = _mapping(section, "properties")[key]
    required = section.get("required")
    needed = isinstance(required, list) and key in required
    default = "required" if needed else _default(value.get("default"))
    return f"| `{key}` | {_takes(value)} | {default} | {value['description']} |"


def _default(value: object) -> str:
    if value is None:
        return "none"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _takes(value: Schema) -> str:
    kind = next(kind for kind in _kinds(value) if kind.get("type") != "null")
    title = value.get("title") or kind.get("title")
    if title:
        return str(title).lower()
    if "items" in kind:
        return f"list of {_takes(_mapping(kind, 'items'))}s"
    if isinstance(choices := kind.get("enum"), list):
        return ", ".join(f"`{choice}`" for choice in choices)
    return _plain(kind)


def _plain(kind: Schema) -> str:
    match kind:
        case {"minimum": low, "maximum": high}:
            return f"{low} to {high}"
        case {"minimum": low}:
            return f"number from {low}"
        case {"type": "boolean"}:
            return "`true`, `false`"
        case {"format": "path"}:
            return "path"
        case _:
            return "text"


def _kinds(value: Schema) -> list[Schema]:
    variants = value.get("anyOf")
    return variants if isinstance(variants, list) else [value]


def _section_in(value: Schema, root: Schema) -> Schema | None:
    for kind in _kinds(value):
        reference = kind.get("$ref", _mapping(kind, "items").get("$ref"))
        if isinstance(reference, str) and not reference.endswith("/Variable"):
            return _mapping(_mapping(root, "$defs"), reference.rpartition("/")[2])
    return None


def _mapping(schema: Schema, key: str) -> dict[str, Schema]:
    value = schema.get(key, {})
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    SCHEMA.write_text(schema_text())
    REFERENCE.write_text(with_tables(REFERENCE.read_text()))
