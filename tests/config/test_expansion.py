from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.expansion import expand

ENVIRON = {"HOST": "db", "EMPTY": "", "TRICKY": "a: ${HOST} $${x}\n- b", "_1": "one"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("", ""),
        ("plain", "plain"),
        ("${HOST}", "db"),
        ("${HOST}:${_1}${EMPTY}", "db:one"),
        ("${NONE:-fallback}", "fallback"),
        ("${EMPTY:-fallback}", "fallback"),
        ("${HOST:-fallback}", "db"),
        ("${NONE:-}", ""),
        ("${NONE:-a:-b c}", "a:-b c"),
        ("${TRICKY}", "a: ${HOST} $${x}\n- b"),
        ("$${HOST}", "${HOST}"),
        ("$$${HOST}", "$${HOST}"),
        ("pa$$word $HOST $ 5$", "pa$$word $HOST $ 5$"),
    ],
)
def test_variables_are_replaced_once(text: str, expanded: str) -> None:
    assert expand(text, ENVIRON) == expanded


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(ValueError, match=r"^environment variable 'NONE' is not set$"):
        expand("x${NONE}", ENVIRON)


@pytest.mark.parametrize(
    "text", ["${", "${HOST", "${}", "${1}", "${HOST-x}", "${HO ST}", "${é}"]
)
def test_a_broken_reference_is_told_how_to_be_text(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape("write $${ for the text itself")):
        expand(text, ENVIRON)


@given(st.text())
def test_a_text_with_every_brace_escaped_stays_itself(text: str) -> None:
    text = text.replace("$", "")

    assert expand(text.replace("{", "$${"), {}) == text.replace("{", "${")
