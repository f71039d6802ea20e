"""What must hold between the keys of a file, told of what was written, right or wrong.

These rules look at the plain tree and not at finished models, because a model exists
only when nothing in it is wrong, and all mistakes are to be told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from agent.config.problems import Place
from agent.secret import Secret

_Entry = tuple[int, Mapping[str, object]]
_Broken = tuple[Place, str]

DEFAULT_HISTORY = "sqlite:///sequence-agent.db"
# As it stands in a file, and in a finished model.
_NOT_GIVEN = (None, DEFAULT_HISTORY, Secret(DEFAULT_HISTORY))
_SOURCES = ("dsn", "dsn_file", "dsn_env")


def broken_rules(tree: Mapping[str, object]) -> Iterator[_Broken]:
    """Yield place and message of everything that contradicts something else."""
    servers = _entries(tree.get("servers"))
    jobs = _entries(tree.get("jobs"))
    yield from _placed(("history",), _history_rule(tree.get("history")))
    yield from _names_taken("servers", servers)
    yield from _names_taken("jobs", jobs)
    for index, server in servers:
        yield from _placed(("servers", index), _source_rule(server))
    for index, job in jobs:
        yield from _placed(("jobs", index), _work_rules(job))
        yield from _placed(("jobs", index), _server_rules(job, servers))
        yield from _placed(("jobs", index, "schedule"), _schedule_rule(job))


def _entries(items: object) -> list[_Entry]:
    if not isinstance(items, list | tuple):
        return []
    return [(i, item) for i, item in enumerate(items) if isinstance(item, Mapping)]


def _placed(place: Place, broken: Iterable[_Broken]) -> Iterator[_Broken]:
    return ((place + inner, message) for inner, message in broken)


def _names_taken(kind: str, entries: list[_Entry]) -> Iterator[_Broken]:
    first: dict[str, int] = {}
    for index, entry in entries:
        name = entry.get("name")
        if isinstance(name, str) and first.setdefault(name.strip(), index) != index:
            taken = f"{kind}[{first[name.strip()]}]"
            yield (kind, index, "name"), f"must be unique; {taken} has the same"


def _given(section: Mapping[str, object], keys: Iterable[str]) -> list[str]:
    return [key for key in keys if section.get(key) is not None]


def _history_rule(history: object) -> Iterator[_Broken]:
    if not isinstance(history, Mapping) or history.get("url_file") is None:
        return
    if history.get("url") not in _NOT_GIVEN:
        yield ("url_file",), "cannot stand beside url; keep one of them"


def _source_rule(server: Mapping[str, object]) -> Iterator[_Broken]:
    given = _given(server, _SOURCES)
    if not given:
        yield (), "needs one of dsn, dsn_file or dsn_env"
    for extra in given[1:]:
        yield (extra,), f"cannot stand beside {given[0]}; keep one of them"


def _work_rules(job: Mapping[str, object]) -> Iterator[_Broken]:
    if not job.get("tables") and not job.get("sequences"):
        yield (), "needs tables or sequences to work on"
    if job.get("kind") == "resync" and job.get("seed"):
        yield ("seed",), "belongs to a reset; a resync changes no rows"


def _server_rules(
    job: Mapping[str, object], servers: list[_Entry]
) -> Iterator[_Broken]:
    wanted = job.get("server")
    if not isinstance(wanted, str) or not wanted.strip():
        return
    named = {str(server.get("name")).strip(): server for _, server in servers}
    server = named.get(wanted.strip())
    if server is None:
        close = get_close_matches(wanted, named, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        yield ("server",), f"is not the name of a server{hint}"
    elif server.get("resets") is None:
        yield (
            ("server",),
            "is a server that no job may touch; give it resets: {environment: …}",
        )


def _schedule_rule(job: Mapping[str, object]) -> Iterator[_Broken]:
    schedule = job.get("schedule")
    if not isinstance(schedule, Mapping):
        return
    given = _given(schedule, ("cron", "every"))
    if not given:
        yield (), "needs cron or every; without a schedule the job runs only by hand"
    if len(given) == 2:
        yield ("every",), "cannot stand beside cron; keep one of them"
