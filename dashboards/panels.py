"""The few kinds of panels that the dashboards are made of, each with all it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dashboards.sdk import (
    PromQueryFormat,
    builders,
    common,
    models,
    options,
    prometheus,
    stat,
    table,
    timeseries,
)

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")

Panel: TypeAlias = stat.Panel | table.Panel | timeseries.Panel
# From a value on, which colour; the first has none below it.
Steps = Sequence[tuple[float | None, str]]

GOOD: Steps = ((None, "green"),)
NEUTRAL: Steps = ((None, "blue"),)
BAD_FROM_ONE: Steps = ((None, "green"), (1, "red"))
USED: Steps = ((None, "green"), (0.75, "orange"), (0.9, "red"))
LEAD_TIME: Steps = ((None, "red"), (14 * 86_400, "orange"), (90 * 86_400, "green"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Size in the grid, which is 24 wide."""

    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: a query, or a label that its queries have."""

    title: str
    unit: str = "none"
    steps: Steps | None = None
    gauge: bool = False
    link: str | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A query of a time series, and how its lines are called."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a panel says of itself."""

    title: str
    description: str
    unit: str
    no_value: str = ""


def number(
    text: Text,
    expr: str,
    place: Place,
    *,
    steps: Steps = NEUTRAL,
    words: Mapping[float, tuple[str, str]] | None = None,
) -> stat.Panel:
    """One number as it is now; `words` are shown in its place, with a colour."""
    panel = (
        stat.Panel()
        .title(text.title)
        .description(text.description)
        .datasource(DATASOURCE)
        .span(place.width)
        .height(place.height)
        .unit(text.unit)
        .thresholds(_thresholds(steps))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(options.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(_query(expr, "A", instant=True))
    )
    if text.no_value:
        panel = panel.no_value(text.no_value)
    return panel.mappings([_words(words)]) if words else panel


def lines(
    text: Text,
    queries: Sequence[Line],
    place: Place,
    *,
    band: tuple[str, str] | None = None,
    bars: bool = False,
    least: float | None = 0,
    most: float | None = None,
) -> timeseries.Panel:
    """Values over time; what lies between the two lines of `band` is filled."""
    panel = (
        timeseries.Panel()
        .title(text.title)
        .description(text.description)
        .datasource(DATASOURCE)
        .span(place.width)
        .height(place.height)
        .unit(text.unit)
        .line_width(1)
        .fill_opacity(60 if bars else 0)
        .draw_style(common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE)
        .show_points(common.VisibilityMode.AUTO)
        .legend(
            options.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
        .tooltip(
            options.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
    )
    if least is not None:
        panel = panel.min(least)
    if most is not None:
        panel = panel.max(most)
    for position, line in enumerate(queries):
        target = _query(line.expr, "ABCDEFGH"[position], legend=line.legend)
        panel = panel.with_target(target)
    return _with_band(panel, *band) if band else panel


def rows(
    text: Text,
    queries: Mapping[str, str],
    columns: Mapping[str, Column],
    place: Place,
    *,
    sort_by: tuple[str, bool] | None = None,
) -> table.Panel:
    """A row for each combination of labels; `queries` and `columns` by the same names.

    A column that is no query is a label; labels without a column are not shown.
    """
    panel = (
        table.Panel()
        .title(text.title)
        .description(text.description)
        .datasource(DATASOURCE)
        .span(place.width)
        .height(place.height)
        .unit(text.unit)
        .no_value(text.no_value or "-")
        .thresholds(_thresholds(NEUTRAL))
        .show_header(show_header=True)
    )
    refs = dict(zip(queries, "ABCDEFGH", strict=False))
    for name, expr in queries.items():
        target = _query(expr, refs[name], instant=True)
        panel = panel.with_target(target.format(PromQueryFormat.TABLE))
    panel = panel.with_transformation(_transformer("merge", {}))
    panel = panel.with_transformation(_arranged(columns, refs))
    for column in columns.values():
        panel = panel.override_by_name(column.title, _properties(column))
    if sort_by:
        title, descending = sort_by
        order = options.TableSortByFieldState()
        panel = panel.sort_by([order.display_name(title).desc(descending)])
    return panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Panels under a heading, placed from left to right."""

    title: str
    panels: Sequence[Panel] = field(default_factory=tuple)


def _query(
    expr: str, ref: str, *, legend: str = "", instant: bool = False
) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expr).ref_id(ref).datasource(DATASOURCE)
    if legend:
        query = query.legend_format(legend)
    return query.instant() if instant else query.range()


def _thresholds(steps: Steps) -> builders.ThresholdsConfig:
    return (
        builders.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=v, color=c) for v, c in steps])
    )


def _words(words: Mapping[float, tuple[str, str]]) -> models.ValueMap:
    return models.ValueMap(
        options={
            f"{value:g}": models.ValueMappingResult(text=text, color=color)
            for value, (text, color) in words.items()
        }
    )


def _with_band(panel: timeseries.Panel, upper: str, lower: str) -> timeseries.Panel:
    return panel.override_by_name(
        upper,
        [
            models.DynamicConfigValue("custom.fillBelowTo", lower),
            models.DynamicConfigValue("custom.fillOpacity", 20),
        ],
    )


def _transformer(
    name: str, settings: Mapping[str, object]
) -> models.DataTransformerConfig:
    return models.DataTransformerConfig(id_val=name, options=dict(settings))


def _arranged(
    columns: Mapping[str, Column], refs: Mapping[str, str]
) -> models.DataTransformerConfig:
    """Only these columns, in this order, under their titles."""
    # With one query Grafana calls its value "Value", with several "Value #A" and so on.
    only = len(refs) == 1
    fields = {
        name: ("Value" if only else f"Value #{refs[name]}") if name in refs else name
        for name in columns
    }
    return _transformer(
        "organize",
        {
            "includeByName": dict.fromkeys(fields.values(), True),
            "indexByName": {each: at for at, each in enumerate(fields.values())},
            "renameByName": {fields[name]: c.title for name, c in columns.items()},
        },
    )


def _properties(column: Column) -> list[models.DynamicConfigValue]:
    said: dict[str, object] = {"unit": column.unit}
    if column.steps:
        said["thresholds"] = {
            "mode": "absolute",
            "steps": [{"value": v, "color": c} for v, c in column.steps],
        }
        said["custom.cellOptions"] = {"type": "color-text"}
    if column.gauge:
        said["custom.cellOptions"] = {"type": "gauge", "mode": "basic"}
        said["min"], said["max"] = 0, 1
    if column.link:
        said["links"] = [{"title": "Show this one", "url": column.link}]
    if column.width:
        said["custom.width"] = column.width
    return [models.DynamicConfigValue(k, v) for k, v in said.items()]
