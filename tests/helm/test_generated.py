"""What is generated is up to date, and tells of every value."""

from __future__ import annotations

import jsonschema
import yaml

from tests.helm import generated
from tests.helm.comments import described, leaves
from tests.helm.values_schema import values_schema

REMEDY = "out of date: python -m tests.helm.generated"


def test_the_schema_of_the_values_is_up_to_date() -> None:
    assert generated.SCHEMA.read_text() == generated.schema_text(), REMEDY


def test_the_table_of_the_readme_is_up_to_date() -> None:
    document = generated.README.read_text()

    assert document == generated.with_table(document), REMEDY


def test_every_value_is_described() -> None:
    text = generated.VALUES.read_text()
    known = described(text)

    undescribed = set(leaves(yaml.safe_load(text), known)) - known.keys()
    assert undescribed == set()


def test_every_value_of_the_schema_is_in_the_file() -> None:
    text = generated.VALUES.read_text()
    known = described(text)
    schema = values_schema(known)

    for_other_charts = {"enabled"}
    assert set(schema["properties"]) - for_other_charts == set(yaml.safe_load(text))


def test_the_schema_is_one_of_draft_07() -> None:
    jsonschema.Draft7Validator.check_schema(values_schema({}))


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = values_schema({})

    names = set(schema["definitions"])
    referred = {
        part.split('"')[0]
        for part in generated.schema_text().split("#/definitions/")[1:]
    }
    assert referred == names
