from __future__ import annotations

import re
import zoneinfo

import pytest

from agent.config.timezones import checked_timezone

WANTS_A_NAME = "must be an IANA name such as Europe/Berlin, or UTC"


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "UTC", "America/Argentina/Ushuaia", "Etc/UTC"]
)
def test_iana_names_are_accepted(name: str) -> None:
    assert checked_timezone(f" {name} ") == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", WANTS_A_NAME),
        ("CET", WANTS_A_NAME),
        ("EST", WANTS_A_NAME),
        ("PST8PDT", WANTS_A_NAME),
        ("localtime", WANTS_A_NAME),
        ("+02:00", WANTS_A_NAME),
        ("Europe/Belrin", "is not a known time zone; did you mean 'Europe/Berlin'?"),
        ("europe/berlin", "is not a known time zone; did you mean 'Europe/Berlin'?"),
        ("Middle/Earth/Far/Away", "is not a known time zone"),
        ("../../etc/passwd", "is not a known time zone"),
        ("/etc/passwd", "is not a known time zone"),
        ("Europe/", "is not a known time zone"),
        ("Europe/\0", "is not a known time zone"),
    ],
)
def test_others_are_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        checked_timezone(name)


def test_a_machine_without_zones_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)

    with pytest.raises(ValueError, match="no time zone data; install tzdata"):
        checked_timezone("Europe/Atlantis")
