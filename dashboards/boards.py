"""What all dashboards have in common: variables, links, and how they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.panels import DATASOURCE, Section
from dashboards.queries import of_agents
from dashboards.sdk import builders, models, prometheus

TAG = "sequence-agent"
ALL = models.VariableOption(selected=True, text="All", value="$__all")

FLEET, SEQUENCE, RESETS, AGENT = (
    f"sequence-agent-{name}" for name in ("fleet", "sequence", "resets", "health")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A choice among the values of a label; `several` of them, or exactly one."""

    name: str
    label: str
    of: str
    from_label: str = ""
    several: bool = True

    @property
    def query(self) -> str:
        return f"label_values({self.of}, {self.from_label or self.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Moments that are marked in all graphs of a dashboard."""

    name: str
    expr: str
    text: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard, before Grafana's format."""

    uid: str
    title: str
    description: str
    since: str
    variables: Sequence[Variable]
    sections: Sequence[Section]
    marks: Sequence[Marks] = ()


_AGENTS = (
    Variable(name="job", label="Job", of="sequence_agent_build_info"),
    Variable(
        name="instance",
        label="Instance",
        of='sequence_agent_build_info{job=~"$job"}',
    ),
)
DATABASES = (
    Variable(name="server", label="Server", of=of_agents("sequence_agent_database_up")),
    Variable(
        name="datname",
        label="Database",
        of=of_agents("sequence_agent_database_up", 'server=~"$server"'),
    ),
)


def built(board: Board) -> models.Dashboard:
    made = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG, "postgresql"])
        .timezone("browser")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh("1m")
        .with_variable(_datasource())
        .link(_others())
    )
    for variable in (*_AGENTS, *board.variables):
        made = made.with_variable(_query_variable(variable))
    for marks in board.marks:
        made = made.annotation(_annotation(marks))
    for section in board.sections:
        made = made.with_row(builders.Row(section.title))
        for panel in section.panels:
            made = made.with_panel(panel)
    return _numbered(made.build())


def _numbered(dashboard: models.Dashboard) -> models.Dashboard:
    for number, panel in enumerate(dashboard.panels or (), start=1):
        panel.id_val = number
    return dashboard


def _datasource() -> builders.DatasourceVariable:
    return (
        builders.DatasourceVariable("datasource")
        .label("Data source")
        .type("prometheus")
    )


def _query_variable(variable: Variable) -> builders.QueryVariable:
    made = (
        builders.QueryVariable(variable.name)
        .label(variable.label)
        .datasource(DATASOURCE)
        .query({"query": variable.query, "refId": variable.name, "qryType": 5})
        .definition(variable.query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    if not variable.several:
        return made.multi(multi=False).include_all(include_all=False)
    return (
        made.multi(multi=True)
        .include_all(include_all=True)
        .all_value(".+")
        .current(ALL)
    )


def _annotation(marks: Marks) -> builders.AnnotationQuery:
    query = prometheus.Dataquery().expr(marks.expr).ref_id("Anno")
    return (
        builders.AnnotationQuery()
        .name(marks.name)
        .datasource(DATASOURCE)
        .enable(enable=True)
        .icon_color(marks.colour)
        .target(query.datasource(DATASOURCE))
        .expr(marks.expr)
        .title_format(marks.text)
        .step("1m")
    )


def _others() -> builders.DashboardLink:
    return (
        builders.DashboardLink("Sequence agent")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )
