from __future__ import annotations

from collections.abc import Mapping

import pytest

from agent.metrics.lines import Format
from agent.metrics.own import OwnMetrics
from tests.domain.statuses import NOON, broken, database_of
from tests.metrics.parsing import PARSE

Key = tuple[str, tuple[tuple[str, str], ...]]
APP = (("datname", "app"), ("server", "primary"))
DARK = (("datname", "dark"), ("server", "primary"))


def samples(own: OwnMetrics) -> Mapping[Key, float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in PARSE[Format.TEXT](own.text(Format.TEXT).decode())
        for sample in family.samples
    }


def own() -> OwnMetrics:
    return OwnMetrics(version="1.2.3")


def test_the_build_says_its_version() -> None:
    key = ("sequence_agent_build_info", (("version", "1.2.3"),))

    assert samples(own())[key] == 1


def test_rounds_are_timed_per_database_whether_they_could_read_or_not() -> None:
    metrics = own()

    metrics.observe_sample(database_of())
    metrics.observe_sample(database_of())
    metrics.publish(broken())

    found = samples(metrics)
    assert found["sequence_agent_sample_duration_seconds_count", APP] == 2
    assert found["sequence_agent_sample_duration_seconds_sum", APP] == 0.2
    assert found["sequence_agent_sample_duration_seconds_count", DARK] == 1


def test_a_forgotten_database_takes_its_timings_along() -> None:
    metrics = own()
    metrics.publish(database_of())
    metrics.publish(broken())

    metrics.forget("primary", "dark")
    metrics.forget("primary", "never seen")

    found = samples(metrics)
    assert ("sequence_agent_sample_duration_seconds_count", DARK) not in found
    assert ("sequence_agent_sample_duration_seconds_count", APP) in found


def test_a_configuration_that_is_taken_says_when() -> None:
    metrics = own()

    metrics.reloaded(ok=True, at=NOON)

    found = samples(metrics)
    assert found["sequence_agent_config_reload_success", ()] == 1
    assert found["sequence_agent_config_reload_failures_total", ()] == 0
    assert (
        found["sequence_agent_config_last_reload_success_timestamp_seconds", ()]
        == NOON.timestamp()
    )


def test_a_broken_configuration_is_counted_and_leaves_the_last_success() -> None:
    metrics = own()
    metrics.reloaded(ok=True, at=NOON)

    metrics.reloaded(ok=False, at=NOON.replace(hour=13))

    found = samples(metrics)
    assert found["sequence_agent_config_reload_success", ()] == 0
    assert found["sequence_agent_config_reload_failures_total", ()] == 1
    assert (
        found["sequence_agent_config_last_reload_success_timestamp_seconds", ()]
        == NOON.timestamp()
    )


@pytest.mark.parametrize("name", ["process_open_fds", "process_cpu_seconds_total"])
def test_the_process_is_described(name: str) -> None:
    assert samples(own())[name, ()] > 0


def test_python_is_described() -> None:
    assert any(name == "python_info" for name, _ in samples(own()))


@pytest.mark.parametrize("format_", Format, ids=lambda f: f.name)
def test_there_are_no_created_series(format_: Format) -> None:
    metrics = own()
    metrics.publish(database_of())

    assert b"_created" not in metrics.text(format_)


def test_two_agents_in_one_process_share_nothing() -> None:
    one, other = own(), own()

    one.publish(database_of())

    assert ("sequence_agent_sample_duration_seconds_count", APP) not in samples(other)


def test_openmetrics_ends_with_the_one_mark_of_the_end() -> None:
    text = own().text(Format.OPENMETRICS).decode()

    assert text.endswith("# EOF\n")
    assert text.count("# EOF") == 1
    assert {f.name for f in PARSE[Format.OPENMETRICS](text)} >= {
        "sequence_agent_build",
        "sequence_agent_config_reload_failures",
    }
