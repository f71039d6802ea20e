"""The JSON Schema of the file as people write it, for editors and other tools."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pydantic.json_schema import GenerateJsonSchema

from agent.config.durations import format_duration
from agent.config.expansion import PATTERN
from agent.config.models import Config
from agent.secret import Secret

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE = {
    "title": "Variable",
    "description": "A text with an environment variable in it.",
    "type": "string",
    "pattern": PATTERN,
}
_VARIABLE_ALLOWED = {"$ref": "#/$defs/Variable"}
_NULL_ALLOWED = {"type": "null"}
_ABOUT = {"title", "description", "default", "examples"}

_NOT_TEXT = {"integer", "number", "boolean"}
_NARROWING = {"enum", "pattern", "const"}

_Node = Mapping[str, object]


def json_schema() -> dict[str, object]:
    """Describe the file in JSON Schema 2020-12.

    Wherever a number, a duration or a choice is wanted, a text with `${VAR}` is allowed
    too. Rules between keys that JSON Schema cannot say are left to loading.
    """
    schema = Config.model_json_schema(schema_generator=_AsWritten)
    definitions = schema.pop("$defs")
    loosened = {name: _loosened(definition) for name, definition in definitions.items()}
    return {
        "$schema": _DIALECT,
        **_loosened(schema),
        "title": "Configuration of sequence-agent",
        "$defs": {**loosened, "Variable": _VARIABLE},
    }


class _AsWritten(GenerateJsonSchema):
    """Pydantic's schema without titles that repeat the key, durations as text."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - whatever it is
        return False

    def encode_default(self, dft: object) -> object:
        if isinstance(dft, timedelta):
            return format_duration(dft)
        if isinstance(dft, Secret):
            return dft.reveal()  # a default is no secret
        return super().encode_default(dft)


def _loosened(schema: _Node) -> _Node:
    """Allow what loading allows beyond the types: `${VAR}`, and empty sections."""
    inner: _Node = {
        key: _loosened_inside(key, value)
        for key, value in schema.items()
        if not (key == "default" and (value is None or isinstance(value, dict)))
    }
    if _refuses_free_text(inner):
        inner = _or_else(inner, _VARIABLE_ALLOWED)
    return _or_else(inner, _NULL_ALLOWED) if _may_be_empty(schema) else inner


def _loosened_inside(key: str, value: object) -> object:
    match key, value:
        case "properties", dict():
            return {name: _loosened(schema) for name, schema in value.items()}
        case "items", dict():
            return _loosened(value)
        case _:
            return value


def _refuses_free_text(schema: _Node) -> bool:
    variants = schema.get("anyOf")
    if isinstance(variants, list):
        return any(_refuses_free_text(variant) for variant in variants)
    return schema.get("type") in _NOT_TEXT or not schema.keys().isdisjoint(_NARROWING)


def _may_be_empty(schema: _Node) -> bool:
    # A reference with a default is a section; null is its default already if it has none.
    return schema.get("default") is not None and (
        "$ref" in schema or schema.get("type") == "array"
    )


def _or_else(schema: _Node, alternative: _Node) -> _Node:
    about = {key: value for key, value in schema.items() if key in _ABOUT}
    kind = {key: value for key, value in schema.items() if key not in _ABOUT}
    variants = kind.get("anyOf")
    before = variants if isinstance(variants, list) else [kind]
    return {"anyOf": [*before, alternative], **about}
