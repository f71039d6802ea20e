"""From the database through the agent and Prometheus to alerts and panels, with real parts.

One story is told once: databases get into trouble, alerts fire, all queries of all
dashboards are asked, the trouble is mended, alerts clear. The tests look at what was
seen meanwhile, in any order.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

import pytest

from agent.clock import SystemClock
from dashboards.rules import Alert, load_alerts, rule_file, runbooks
from tests.agents import RunningAgent, running_agent
from tests.eventually import eventually
from tests.observability.boards import (
    BOARDS,
    Target,
    all_targets,
    expanded,
    label_values,
    marks,
    targets,
    variables,
)
from tests.observability.scene import Scene, scene_of
from tests.observability.stack import Stack, stack
from tests.postgres_servers import Servers, database_on
from tests.resets.target import armed_target

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(400)]

MAJOR = 18
CLOCK = SystemClock()
WINDOW = "12s"
RANGE_SECONDS = 40
STORY_SECONDS = 300  # at most, with patience for a busy machine
FAST = {"window": WINDOW}

EXPECTED = {
    ("PgSequenceExhausted", "full_seq"),
    ("PgSequenceNearLimit", "full_seq"),
    ("PgSequenceExhaustsWithinMonths", "full_seq"),
    ("PgSequenceAlmostExhausted", "items_id_seq"),
    ("PgSequenceNearLimit", "items_id_seq"),
    ("PgSequenceColumnNearLimit", "items_id_seq"),
    ("PgSequenceNearLimit", "orders_seq"),
    ("PgSequenceExhaustsSoon", "orders_seq"),
    ("PgSequenceExhaustsWithinMonths", "orders_seq"),
    ("PgSequenceBurst", "busy_seq"),
    ("PgSequenceBehindColumn", "codes_id_seq"),
    ("PgSequenceOutOfStep", "codes_id_seq"),
    ("PgSequenceMissing", "badges_id_seq"),
    ("PgSequenceOutOfStep", "badges_id_seq"),
    ("PgSequenceUnreadable", "primary"),
    ("SequenceAgentDatabaseDown", "gone"),
    ("SequenceAgentResetRefused", "hopeless"),
    ("SequenceAgentArmingExpires", "staging"),
}
# Paged about as well, or named by the column.
INHIBITED = {
    ("PgSequenceNearLimit", "full_seq"),
    ("PgSequenceExhaustsWithinMonths", "full_seq"),
    ("PgSequenceNearLimit", "items_id_seq"),
    ("PgSequenceColumnNearLimit", "items_id_seq"),
    ("PgSequenceNearLimit", "orders_seq"),
    ("PgSequenceExhaustsWithinMonths", "orders_seq"),
    ("PgSequenceOutOfStep", "codes_id_seq"),
    ("PgSequenceOutOfStep", "badges_id_seq"),
}
NOBODY_MENDED = {("SequenceAgentArmingExpires", "staging")}

# What each unit may reach in a scene of this size.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "none": (0, 1_000),
    "short": (0, 2.0**64),
    "percentunit": (0, 2),
    "s": (0, 10 * 366 * 86_400),
    "cps": (0, 1_000),
    "ops": (0, 1_000),
    "bytes": (10e6, 1e9),
    "bool_yes_no": (0, 1),
    # In milliseconds: from 2020 to the year 2100.
    "dateTimeAsIso": (1.577e12, 4.1e12),
    "dateTimeFromNow": (1.577e12, 4.1e12),
}


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was seen while the trouble lasted, and after it was mended."""

    fired: frozenset[tuple[str, str]]
    inhibited: frozenset[tuple[str, str]]
    texts: tuple[Mapping[str, str], ...]
    answers: Mapping[tuple[str, str], list[dict[str, Any]]]
    choices: Mapping[tuple[str, str], list[str]]
    marked: Mapping[str, list[list[dict[str, Any]]]]
    rule_errors: tuple[str, ...]
    after: frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def story(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("stack")
    server = servers.primary(MAJOR)
    with database_on(server) as app, database_on(server) as staging:
        scene = scene_of(app, armed_target(staging), home)
        scene.remember()
        rules = rule_file(map(impatient, load_alerts()), runbooks=runbooks())
        with stack(home, agent_port=scene.port, rules=rules) as running:
            yield told(scene, running)


def impatient(alert: Alert) -> Alert:
    """The same alert for a story that takes a minute instead of months."""
    thresholds = {
        name: FAST.get(name, value) for name, value in alert.thresholds.items()
    }
    # What is never to fire keeps its patience: agents come and go in this story.
    hold = alert.hold if alert.name == "SequenceAgentAbsent" else "0s"
    return replace(alert, hold=hold, keep_firing=None, thresholds=thresholds)


def told(scene: Scene, running: Stack) -> Story:
    with running_agent(scene.config()) as agent:
        agent.wait_ready()
        eventually(lambda: bool(running.instant("sequence_agent_build_info")))
        eventually(lambda: succeeded(agent) > 1, within=60)
        agent.terminate()
    scene.lose()
    with running_agent(scene.config()) as agent:
        with scene.traffic():
            # Ticks may have been missed while no agent was there: that alert ends first.
            nothing_of(lambda: EXPECTED ^ firing(running), "silent, or not expected")
            seen = observed(scene, running)
        scene.mend()
        agent.config.write_text(scene.config(mended=True))
        nothing_of(lambda: firing(running) - NOBODY_MENDED, "still firing")
        return replace(seen, after=firing(running))


def nothing_of(left: Callable[[], AbstractSet[object]], what: str) -> None:
    """Wait until nothing is left, and say what is if that takes too long."""
    deadline = CLOCK.monotonic() + 60
    while found := left():
        assert CLOCK.monotonic() < deadline, f"{what}: {found}"
        threading.Event().wait(0.2)


def observed(scene: Scene, running: Stack) -> Story:
    started, fired = CLOCK.monotonic(), firing(running)
    # A panel over time wants some of it: the traffic goes on meanwhile.
    eventually(lambda: CLOCK.monotonic() - started > 13)
    sent = running.sent_alerts()
    now = CLOCK.now().timestamp()
    return Story(
        fired=fired,
        inhibited=frozenset(
            named(a["labels"]) for a in sent if a["status"]["inhibitedBy"]
        ),
        texts=tuple(a["annotations"] for a in sent),
        answers={
            (target.board, target.title): answer(target, scene, running, now)
            for target in all_targets()
        },
        choices={
            (name, variable["name"]): choice(variable, scene, running)
            for name, board in BOARDS.items()
            for variable in variables(board)
        },
        marked={
            name: [
                running.over(
                    asked(expr, resetting(scene)), start=now - STORY_SECONDS, end=now
                )
                for expr in marks(board)
            ]
            for name, board in BOARDS.items()
        },
        rule_errors=tuple(running.rule_errors()),
        after=frozenset(),
    )


def firing(running: Stack) -> frozenset[tuple[str, str]]:
    """What Alertmanager was told, by what each is about."""
    return frozenset(named(alert["labels"]) for alert in running.sent_alerts())


def named(labels: Mapping[str, str]) -> tuple[str, str]:
    about = ("sequencename", "exported_job", "server")
    return labels["alertname"], next(labels[name] for name in about if name in labels)


def succeeded(agent: RunningAgent) -> float:
    name = 'sequence_agent_job_runs_total{job="nightly-reset",outcome="succeeded"}'
    return agent.metrics().get(name, 0)


def choosing() -> dict[str, str]:
    """All, where several can be chosen."""
    return {
        "job": ".+",
        "instance": ".+",
        "reset_job": ".+",
        "server": ".+",
        "datname": ".+",
    }


def one_sequence(scene: Scene, sequence: str = "items_id_seq") -> dict[str, str]:
    return {
        **choosing(),
        "server": "primary",
        "datname": scene.app.name,
        "schemaname": "public",
        "sequencename": sequence,
    }


def resetting(scene: Scene) -> dict[str, str]:
    """A sequence that a job resets all the time."""
    return {
        **one_sequence(scene, "users_id_seq"),
        "server": "staging",
        "datname": scene.target.database.name,
    }


def asked(expr: str, values: Mapping[str, str]) -> str:
    return expanded(expr, values, range_=f"{RANGE_SECONDS}s", rate=WINDOW)


def answer(
    target: Target, scene: Scene, running: Stack, now: float
) -> list[dict[str, Any]]:
    values = choosing()
    if target.board == "sequence-agent-sequence":
        # Columns are those of a table; only orders have a past and so a forecast.
        of_columns = {"Behind its column", "Used, by column", "Definition", "Findings"}
        fed = target.panel["title"] in of_columns
        values = one_sequence(scene, "items_id_seq" if fed else "orders_seq")
    expr = asked(target.expr, values)
    if target.instant:
        return running.instant(expr)
    return running.over(expr, start=now - RANGE_SECONDS, end=now)


def choice(variable: Mapping[str, Any], scene: Scene, running: Stack) -> list[str]:
    selector, label = label_values(variable)
    return running.label_values(asked(selector, one_sequence(scene)), label)


def numbers(answers: list[dict[str, Any]]) -> list[float]:
    return [
        float(value)
        for series in answers
        for _, value in series.get("values", [series.get("value", (0, "nan"))])
    ]


def test_exactly_the_expected_alerts_fire(story: Story) -> None:
    assert story.fired == EXPECTED
    assert story.rule_errors == ()


def test_nobody_is_told_twice_of_one_sequence(story: Story) -> None:
    assert story.inhibited == INHIBITED


def test_alerts_say_which_object_and_where_to_read_on(story: Story) -> None:
    for texts in story.texts:
        assert "<no value>" not in texts["summary"] + texts["description"]
        assert ". of" not in texts["summary"]
        assert texts["runbook_url"].endswith(".md")


def test_what_was_mended_clears(story: Story) -> None:
    assert story.after == NOBODY_MENDED


def test_every_variable_has_something_to_choose(story: Story) -> None:
    assert [key for key, found in story.choices.items() if not found] == []


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_has_data_in_the_range_of_its_unit(story: Story, name: str) -> None:
    wrong = {
        target.title: found[:3]
        for target in targets(name)
        if not plausible(target, found := numbers(story.answers[name, target.title]))
    }

    assert wrong == {}


def plausible(target: Target, values: list[float]) -> bool:
    low, high = BOUNDS[target.unit]
    known = [each for each in values if not math.isnan(each)]  # of no observations
    return bool(known) and all(low <= each <= high for each in known)


@pytest.mark.parametrize(
    "name", [name for name, board in BOARDS.items() if marks(board)]
)
def test_moments_are_marked(story: Story, name: str) -> None:
    assert all(story.marked[name])
