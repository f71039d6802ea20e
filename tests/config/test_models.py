from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.config import Config, Job, Sampling, Server, load
from agent.config.loading import parse

EXAMPLES = Path(__file__).parents[2] / "config"
SERVER = {"name": "a", "dsn": "host=db", "resets": {"environment": "test"}}
JOB = {
    "name": "j",
    "kind": "reset",
    "server": "a",
    "database": "app",
    "sequences": ["a.b"],
}

CONTRACT = """
listen: {host: 0.0.0.0, port: 9753}
log: {level: info, format: auto}          # auto: console on a terminal, JSON elsewhere
history: {url: "sqlite:///sequence-agent.db", retention: 400d}   # or postgresql+psycopg://…
sampling: {interval: 60s, inventory_interval: 10m, column_interval: 1h, concurrency: 16,
           connect_timeout: 5s, statement_timeout: 10s, lock_timeout: 200ms, max_locks: 256}
severity:
  warning:  {used_ratio: 0.75, exhausts_within: 90d}
  critical: {used_ratio: 0.90, exhausts_within: 14d}
servers:
  - name: staging                          # the `server` label
    dsn: postgresql://agent@db.staging:5432/postgres   # or dsn_file: / dsn_env:, password_file:
    databases: {include: ["*"], exclude: ["template*"]}  # found on the server
    schemas: {exclude: ["pg_*"]}
    sequences: {exclude: ["public.tmp_*"]}
    resets: {environment: staging}         # absent: no job may touch this server
jobs:
  - name: nightly-reset
    kind: reset                            # reset | resync
    server: staging
    database: app
    schedule: {cron: "0 3 * * *", timezone: Europe/Berlin}   # or {every: 6h}; absent: only by hand
    start_deadline: 15m
    suspended: false
    tables: {include: ["public.*"], exclude: ["public.alembic_version"]}
    sequences: ["public.invoice_number_seq"]   # not owned by a listed table
    limits: {rows: 5000000, bytes: 20GiB}
    locks: {timeout: 2s, attempts: 5}
    seed: [seeds/users.sql]                # run in the same transaction
"""


def test_the_example_says_what_the_contract_says() -> None:
    example = EXAMPLES / "sequence-agent.yaml"

    assert load(example, {}) == parse(CONTRACT.encode(), example, {})


def test_the_contract_is_read_as_it_is_meant() -> None:
    config = parse(CONTRACT.encode(), Path("/etc/config.yaml"), {})

    job = config.jobs[0]
    assert config.sampling.lock_timeout == timedelta(milliseconds=200)
    assert config.severity.critical.exhausts_within == timedelta(days=14)
    assert config.servers[0].resets is not None
    assert job.schedule is not None
    assert (job.schedule.cron, job.schedule.timezone) == ("0 3 * * *", "Europe/Berlin")
    assert (job.limits.bytes, job.seed) == (20 * 2**30, (Path("/etc/seeds/users.sql"),))


def test_the_defaults_are_those_of_the_contract() -> None:
    contract = parse(CONTRACT.encode(), Path("c.yaml"), {})
    least = load(EXAMPLES / "minimal.yaml", {})

    plain = {"listen", "log", "history", "sampling", "severity", "metrics"}
    assert least.model_dump(include=plain) == contract.model_dump(include=plain)
    assert least.servers[0].databases == contract.servers[0].databases
    assert least.servers[0].schemas == contract.servers[0].schemas
    assert Job.model_validate(JOB).limits == contract.jobs[0].limits
    assert Job.model_validate(JOB).locks == contract.jobs[0].locks
    assert Job.model_validate(JOB).start_deadline == contract.jobs[0].start_deadline
    assert least.jobs == ()


def test_a_configuration_survives_being_written_and_read_but_for_its_secrets() -> None:
    config = load(EXAMPLES / "sequence-agent.yaml", {})
    dump = config.model_dump(mode="json", exclude_none=True)
    written = yaml.safe_dump(dump)

    dump["history"]["url"] = config.history.url.reveal()
    for shown, server in zip(dump["servers"], config.servers, strict=True):
        shown.update({"dsn": server.dsn.reveal()} if server.dsn else {})
    completed = yaml.safe_dump(dump)

    assert parse(completed.encode(), Path("c.yaml"), {}) == config
    assert "url: '***'\n" in written
    assert "interval: 1m\n" in written
    assert "bytes: 20GiB\n" in written


def test_a_configuration_cannot_be_changed() -> None:
    config = Config.model_validate({"servers": [SERVER]})

    with pytest.raises(ValidationError):
        setattr(config, "jobs", ())  # noqa: B010
    assert hash(config) == hash(config.model_copy())


def test_models_can_be_built_from_finished_values() -> None:
    sampling = Sampling(interval=timedelta(seconds=5), max_locks=64)

    assert (sampling.interval, sampling.max_locks) == (timedelta(seconds=5), 64)


@pytest.mark.parametrize(
    ("servers", "jobs"),
    [
        ([SERVER, SERVER], []),
        ([{"name": "a"}], []),
        ([SERVER], [JOB, JOB]),
        ([SERVER], [JOB | {"server": "b"}]),
        ([SERVER | {"resets": None}], [JOB]),
        ([SERVER], [JOB | {"schedule": {"timezone": "UTC"}}]),
    ],
    ids=["same-server", "no-dsn", "same-job", "no-server", "no-resets", "no-time"],
)
def test_models_built_in_code_keep_the_rules_too(
    servers: list[object], jobs: list[object]
) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"servers": servers, "jobs": jobs})


def test_a_printed_configuration_shows_no_connection_string() -> None:
    config = parse(
        b"servers: [{name: a, dsn: 'host=db password=secret'}]\n"
        b"history: {url: 'postgresql+psycopg://u:secret@db/h'}",
        Path("c.yaml"),
        {},
    )

    assert "secret" not in f"{config!r} {config}"


def test_a_validation_error_shows_no_values() -> None:
    with pytest.raises(ValidationError) as caught:
        Server.model_validate({"name": "a", "dsn": "mysql://u:secret@db"})

    assert "secret" not in str(caught.value)


@given(st.integers(1, 366 * 86_400), st.integers(64, 10_000))
def test_any_sampling_survives_being_written_and_read(seconds: int, locks: int) -> None:
    sampling = Sampling(interval=timedelta(seconds=seconds), max_locks=locks)

    written = json.loads(sampling.model_dump_json())

    assert Sampling.model_validate({k: str(v) for k, v in written.items()}) == sampling
