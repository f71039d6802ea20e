"""The daemon runs jobs at their ticks; metrics, log and ledger tell the same."""

from __future__ import annotations

import json
from textwrap import dedent

from agent.demo.embedded import free_port
from agent.domain.resets.ledger import RunRecord, Status
from agent.postgres.resets.worker import open_worker
from tests.agents import RunningAgent, running_agent, until
from tests.postgres_servers import Database
from tests.resets.target import Target, armed_target, endpoint

JOB = "nightly-reset"
RUNS = "sequence_agent_job_runs_total"


def config(target: Target, *, schedule: str = "{every: 1s}", more: str = "") -> str:
    return dedent(
        f"""\
        listen: {{host: 127.0.0.1, port: {free_port()}}}
        log: {{format: json}}
        sampling: {{interval: 300ms}}
        servers:
          - name: staging
            dsn: '{target.dsn}'
            databases: {{include: ['{target.database.name}']}}
            resets: {{environment: staging}}
        jobs:
          - name: {JOB}
            kind: reset
            server: staging
            database: {target.database.name}
            schedule: {schedule}
            tables: {{include: ["public.*"]}}
            {more}
        """
    )


def runs(agent: RunningAgent, outcome: Status) -> float:
    return agent.metrics()[f'{RUNS}{{job="{JOB}",outcome="{outcome.value}"}}']


def records(target: Target) -> tuple[RunRecord, ...]:
    name = target.database.name
    with open_worker(endpoint(target.dsn), name, agent="test/1") as worker:
        return worker.ledger.newest(JOB, limit=100)


def events(agent: RunningAgent, name: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in agent.log.read_text().splitlines()]
    return [line for line in lines if line["event"] == name]


def test_metrics_log_and_ledger_tell_the_same_of_every_run(database: Database) -> None:
    target = armed_target(database)
    with running_agent(config(target)) as agent:
        until(lambda: runs(agent, Status.SUCCEEDED) >= 2, "two runs")
        agent.terminate()
        logged = {str(e["run_id"]): e for e in events(agent, "job_finished")}

    succeeded = [r for r in records(target) if r.status is Status.SUCCEEDED]
    assert {str(record.run_id) for record in succeeded} == logged.keys()
    first = min(succeeded, key=lambda record: record.scheduled_for)
    assert first.before is not None
    assert logged[str(first.run_id)]["rows"] == 8
    assert first.before["tables"] == {"public.users": 5, "public.orders": 3}
    assert first.before["schedule"] == "every 1s"
    assert all(not r.scheduled_for.microsecond for r in succeeded)
    assert len({record.scheduled_for for record in succeeded}) == len(succeeded)


def test_metrics_of_a_job_are_there_before_it_ever_ran(database: Database) -> None:
    target = armed_target(database)
    with running_agent(config(target, schedule='{cron: "0 0 1 1 *"}')) as agent:
        agent.wait_ready()
        armed = "sequence_agent_target_armed_until_timestamp_seconds"
        labels = f'datname="{database.name}",server="staging"'
        until(lambda: agent.metrics()[f"{armed}{{{labels}}}"] > 0, "armed until")
        metrics = agent.metrics()
    skew = metrics[f"sequence_agent_target_clock_skew_seconds{{{labels}}}"]
    assert 0 < abs(skew) < 1  # the same clock, asked over a way and back

    assert metrics[f'{RUNS}{{job="{JOB}",outcome="succeeded"}}'] == 0
    assert metrics[f'{RUNS}{{job="{JOB}",outcome="missed"}}'] == 0
    refusals = "sequence_agent_job_refusals_total"
    assert metrics[f'{refusals}{{gate="marker_expired",job="{JOB}"}}'] == 0
    assert (
        metrics[f'sequence_agent_job_last_success_timestamp_seconds{{job="{JOB}"}}']
        == 0
    )
    assert metrics[f'sequence_agent_job_next_run_timestamp_seconds{{job="{JOB}"}}'] > 0
    assert metrics[f'sequence_agent_job_name_shared{{job="{JOB}"}}'] == 0
    assert records(target) == ()


def test_a_refusal_is_counted_by_its_gate_and_changes_nothing(
    database: Database,
) -> None:
    target = armed_target(database)
    limited = config(target, more="limits: {rows: 1}")
    with running_agent(limited) as agent:
        until(lambda: runs(agent, Status.REFUSED) >= 1, "a refusal")
        refusals = f'sequence_agent_job_refusals_total{{gate="rows_limit",job="{JOB}"}}'
        assert agent.metrics()[refusals] >= 1
        assert runs(agent, Status.SUCCEEDED) == 0

    assert target.contents()["public.users"] == (5,)


def test_two_agents_have_one_effect_for_each_tick(database: Database) -> None:
    target = armed_target(database)
    with (
        running_agent(config(target)) as one,
        running_agent(config(target)) as other,
    ):
        until(
            lambda: sum(runs(a, Status.SUCCEEDED) for a in (one, other)) >= 3,
            "three runs",
        )
        one.terminate()
        other.terminate()

    found = records(target)
    assert len({record.scheduled_for for record in found}) == len(found)
    # One may still be at a tick when the other has the next, and skips it; and on a busy
    # machine both may come too late for one.
    outcomes = {record.status for record in found}
    assert not outcomes & {Status.CLAIMED, Status.LOST, Status.REFUSED}


def test_a_reset_is_counted_as_one_and_breaks_no_consumption(
    database: Database,
) -> None:
    target = armed_target(database)
    labels = f'server="staging",datname="{database.name}",schemaname="public"'
    resets = f'pg_sequence_resets_total{{{labels},sequencename="users_id_seq",reason="restart"}}'
    with running_agent(config(target)) as agent:
        until(lambda: agent.metrics().get(resets, 0) >= 1, "a reset seen by sampling")
