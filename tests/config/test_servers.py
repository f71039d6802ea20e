from __future__ import annotations

import pytest

from agent.config import Filter
from agent.config.servers import SchemaFilter, SequenceFilter
from agent.domain.filters import NameFilter


@pytest.mark.parametrize(
    ("include", "exclude", "name", "admitted"),
    [
        (["*"], [], "", True),
        (["*"], [], "app", True),
        (["app"], [], "app", True),
        (["app"], [], "App", False),
        (["app"], [], "app2", False),
        (["app_?"], [], "app_1", True),
        (["app_[ab]"], [], "app_b", True),
        (["app_[!ab]"], [], "app_b", False),
        (["a[*]"], [], "a*", True),
        (["a", "b"], [], "b", True),
        (["*"], ["b"], "b", False),
        (["b"], ["b"], "b", False),
        (["*"], ["tmp*", "*_old"], "app_old", False),
        (["line*"], [], "line\nbreak", True),
        (["É*"], [], "Été", True),
        (["*"], ["É*"], "Été", False),
    ],
)
def test_a_name_is_in_if_included_and_not_excluded(
    include: list[str], exclude: list[str], name: str, admitted: bool
) -> None:
    given = Filter.model_validate({"include": include, "exclude": exclude})

    assert given.admits(name) is admitted
    assert given.names.admits(name) is admitted


@pytest.mark.parametrize(
    ("pattern", "name", "admitted"),
    [
        ("public.*", "public.users_id_seq", True),
        ("public.*", "public.with.dots", True),
        ("public.*", "publicity.users_id_seq", False),
        ("*.tmp_*", "any.tmp_seq", True),
        ("*_seq", "public.users_seq", True),
        ('public."Users"', 'public."Users"', True),
    ],
)
def test_sequences_are_compared_with_schema_and_name(
    pattern: str, name: str, admitted: bool
) -> None:
    assert SequenceFilter(include=(pattern,)).admits(name) is admitted


def test_filters_know_nothing_of_configuration_in_the_domain() -> None:
    given = Filter(include=("a",), exclude=("b",))

    assert given.names == NameFilter(include=("a",), exclude=("b",))


def test_a_list_that_is_given_replaces_its_default_and_no_other() -> None:
    assert not SchemaFilter(include=("pg_*",)).admits("pg_toast")
    assert SchemaFilter(exclude=("scratch",)).admits("pg_toast")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (SchemaFilter(), "pg_temp_3"),
        (SchemaFilter(), "pg_catalog"),
    ],
)
def test_what_belongs_to_postgresql_is_left_out_by_default(
    given: Filter, name: str
) -> None:
    assert not given.admits(name)
    assert given.admits("app")
