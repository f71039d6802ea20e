from __future__ import annotations

import pytest

from agent.domain.wording import printable


@pytest.mark.parametrize(
    "name",
    [
        "users_id_seq",
        'Order "Lines"',
        "größe",
        "注文_id_seq",
        "🚀",
        "[red]x[/red]",
        "a|b",
    ],
)
def test_letters_of_any_language_and_markup_stay_as_they_are(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines", r"two\nlines"),
        ("carriage\rreturn", r"carriage\rreturn"),
        ("tab\t", r"tab\t"),
        ("\x9b31m", r"\x9b31m"),  # the one-byte form of ESC [
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("no-break\u00a0space", r"no-break\xa0space"),
        ("lone \udcff", r"lone \udcff"),
    ],
)
def test_what_a_terminal_would_act_upon_becomes_an_escape(
    name: str, shown: str
) -> None:
    assert printable(name) == shown
