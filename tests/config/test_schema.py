from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from agent.config import json_schema
from tests.config import generated

EXAMPLES = Path(__file__).parents[2] / "config"
AGAIN = "run: python -m tests.config.generated"


def definitions() -> dict[str, Mapping[str, object]]:
    found = json_schema()["$defs"]
    assert isinstance(found, dict)
    return found


def pattern_of(definition: str, key: str) -> re.Pattern[str]:
    properties = definitions()[definition]["properties"]
    assert isinstance(properties, dict)
    return re.compile(
        next(kind["pattern"] for kind in properties[key]["anyOf"] if "pattern" in kind)
    )


def nodes(schema: object) -> Iterator[Mapping[str, object]]:
    match schema:
        case dict():
            yield schema
            for inner in schema.values():
                yield from nodes(inner)
        case list():
            for inner in schema:
                yield from nodes(inner)
        case _:
            return


def test_the_documented_schema_is_current() -> None:
    assert generated.SCHEMA.read_text() == generated.schema_text(), AGAIN


def test_the_documented_tables_are_current() -> None:
    document = generated.REFERENCE.read_text()

    assert document == generated.with_tables(document), AGAIN


def test_the_schema_names_its_dialect_and_what_it_describes() -> None:
    schema = json_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Configuration of sequence-agent"


def test_every_section_refuses_unknown_keys_and_describes_known_ones() -> None:
    sections = [node for node in nodes(json_schema()) if "properties" in node]

    assert len(sections) == 21
    for section in sections:
        properties = section["properties"]
        assert isinstance(properties, dict)
        assert section["additionalProperties"] is False
        # Where a section's own description says the same, the reference to it is enough.
        unknown = [
            key for key, value in properties.items() if "description" not in value
        ]
        assert [key for key in unknown if "#/$defs/" not in str(properties[key])] == []


def test_every_reference_leads_somewhere() -> None:
    wanted = {str(node["$ref"]) for node in nodes(json_schema()) if "$ref" in node}

    assert wanted == {f"#/$defs/{name}" for name in definitions()}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("60s", True),
        ("1h30m", True),
        ("1h 30m", True),
        ("200ms", True),
        ("2w", True),
        ("60", False),
        ("", False),
        ("1:30", False),
        ("30m1h", False),
        ("soon", False),
    ],
)
def test_durations_have_the_pattern_that_loading_knows(
    text: str, matches: bool
) -> None:
    assert bool(pattern_of("Sampling", "interval").search(text)) is matches


@pytest.mark.parametrize(
    ("text", "matches"),
    [("20GiB", True), ("500 MB", True), ("4096B", True), ("20G", False), ("x", False)],
)
def test_sizes_have_the_pattern_that_loading_knows(text: str, matches: bool) -> None:
    assert bool(pattern_of("Limits", "bytes").search(text)) is matches


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("${PORT}", True),
        ("a${_X1:-b}c", True),
        ("${}", False),
        ("$PORT", False),
        ("9753", False),
    ],
)
def test_variables_have_a_pattern(text: str, matches: bool) -> None:
    pattern = definitions()["Variable"]["pattern"]

    assert bool(re.search(str(pattern), text)) is matches


def test_whatever_is_not_any_text_may_be_a_variable() -> None:
    narrow = {"integer", "number", "boolean"}
    for node in nodes(json_schema()):
        kinds = node.get("anyOf")
        if isinstance(kinds, list) and any(
            k.get("type") in narrow or "enum" in k for k in kinds
        ):
            assert {"$ref": "#/$defs/Variable"} in kinds


@pytest.mark.parametrize("example", ["sequence-agent.yaml", "minimal.yaml"])
def test_the_examples_are_accepted(example: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")

    content = yaml.safe_load((EXAMPLES / example).read_text())

    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(content, json_schema(), jsonschema.Draft202012Validator)
