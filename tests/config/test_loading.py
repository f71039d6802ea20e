"""What a good file comes to mean."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.config import Config, ConfigError, load
from agent.config.loading import parse
from agent.secret import Secret
from tests.config.files import SERVER, job, loaded, server, with_server

REPOSITORY = Path(__file__).parents[2]


def test_the_least_is_a_server() -> None:
    config = loaded("servers: [{name: a, dsn: host=db}]")

    assert config == Config.model_validate(
        {"servers": [{"name": "a", "dsn": "host=db"}]}
    )


def test_empty_sections_have_their_defaults() -> None:
    empty = "".join(
        f"{key}:\n"
        for key in (
            "listen",
            "log",
            "history",
            "sampling",
            "severity",
            "metrics",
            "jobs",
        )
    )

    assert loaded(SERVER + empty) == loaded(SERVER)


@pytest.mark.parametrize(
    "name",
    [
        "no",
        "on",
        "null_",
        "0123",
        "1:30",
        "1e3",
        "0x10",
        "2024-01-01",
        "=",
        "'null'",
        "Ünïcödé",
    ],
)
def test_text_stays_as_it_was_written(name: str) -> None:
    config = loaded(f"servers: [{{name: {name}, dsn: host=db}}]")

    assert config.servers[0].name == name.strip("'")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("yes", True),
        ("on", True),
        ("False", False),
        ("no", False),
        ("off", False),
    ],
)
def test_truth_has_many_spellings(written: str, meant: bool) -> None:
    config = loaded(job(f"sequences: [a.b], suspended: {written}"))

    assert config.jobs[0].suspended is meant


def test_numbers_come_as_people_and_as_helm_write_them() -> None:
    config = loaded(job("sequences: [a.b], limits: {rows: 5e+06, bytes: 1.5e+10}"))

    assert (config.jobs[0].limits.rows, config.jobs[0].limits.bytes) == (
        5_000_000,
        15 * 10**9,
    )


def test_variables_become_what_their_place_wants() -> None:
    config = loaded(
        with_server(
            "listen: {host: '${HOST}', port: '${PORT}'}\nsampling:\n  interval: ${N:-5}s"
        ),
        HOST="0123",
        PORT="8080",
    )

    assert (config.listen.host, config.listen.port) == ("0123", 8080)
    assert config.sampling.interval == timedelta(seconds=5)


def test_a_variable_cannot_change_the_structure() -> None:
    tricky = "host=db password='x: [1, {y}]' # & *z"

    config = loaded(server("dsn: ${DSN}"), DSN=tricky)

    assert config.servers[0].dsn == Secret(tricky)


def test_escaped_variables_and_single_dollars_stay() -> None:
    config = loaded(server("dsn: host=db password=$${x}$$y$"))

    assert config.servers[0].dsn == Secret("host=db password=${x}$$y$")


def test_anchors_aliases_and_merges_work() -> None:
    config = loaded(
        "servers:\n"
        "  - &a {name: a, dsn: host=a, schemas: &s {exclude: [x]}}\n"
        "  - {<<: *a, name: b, dsn: host=b}\n"
        "  - {<<: [*a, {password_file: pw}], name: c, schemas: *s}\n"
    )

    a, b, c = config.servers
    assert (a.schemas, a.dsn) == (b.schemas, Secret("host=a")) == (c.schemas, c.dsn)
    assert (b.dsn, c.password_file) == (Secret("host=b"), Path("/etc/agent/pw"))


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    content = b"\xef\xbb\xbf" + SERVER.replace("\n", "\r\n").encode()

    assert parse(content, Path("c.yaml"), {}) == loaded(SERVER)


def test_paths_are_meant_from_the_folder_of_the_file() -> None:
    config = loaded(server("dsn_file: secrets/dsn\npassword_file: /run/pw"))

    assert config.servers[0].dsn_file == Path("/etc/agent/secrets/dsn")
    assert config.servers[0].password_file == Path("/run/pw")


def test_a_file_is_loaded_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SERVER)

    assert load(path, {}) == loaded(SERVER)


FRAGMENTS = st.sampled_from([
    "servers:", "\n", "\n  ", "\n    ", "- ", "name: ", "a", "dsn: ", "host=db", "{", "}", "[", "]",
    ", ", ": ", "jobs:", "kind: reset", "&a ", "*a", "<<: ", "!!", "!x ", "${A}", "${", "$$", "'", '"',
    "|", ">", "#", "\t", "~", "null", "1:30", "60s", "schedule:", "cron: ", "* * * * *", "every: 6h",
    "databases:", "include:", "severity:", "warning:", "used_ratio: 95%", "---\n", "%", "@", "\\", "\x00",
    "timezone: ", "Europe/Berlin", "\ud800", "é", "? ", "tables:", "seed:",
])  # fmt: skip


def outcome(content: bytes) -> Config | list[str]:
    environ = {"A": "\udcff: x"}
    try:
        return parse(content, Path("config.yaml"), environ)
    except ConfigError as error:
        return str(error).splitlines()


@settings(max_examples=500, deadline=None)
@given(
    before=st.sampled_from(["", SERVER]),
    text=st.lists(FRAGMENTS, max_size=40).map("".join),
)
@example(before="", text='"\\ud800": 1')
@example(before="", text="&a [*a]: 1")
def test_any_text_is_a_configuration_or_has_problems(before: str, text: str) -> None:
    assert outcome((before + text).encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_configuration_or_have_problems(content: bytes) -> None:
    assert outcome(content)
