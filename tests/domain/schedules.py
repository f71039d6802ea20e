"""Schedules for tests, and zones whose clocks change in odd ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from agent.domain.schedules.cron import parse_cron
from agent.domain.schedules.ticks import CronSchedule, Every, Schedule

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

BERLIN = "Europe/Berlin"
HELSINKI = "Europe/Helsinki"
NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"
APIA = "Pacific/Apia"
SAO_PAULO = "America/Sao_Paulo"
BEIRUT = "Asia/Beirut"
NUUK = "America/Nuuk"
ST_JOHNS = "America/St_Johns"
TROLL = "Antarctica/Troll"  # by two hours


def cron(text: str, zone: str = "UTC") -> CronSchedule:
    return CronSchedule(cron=parse_cron(text), zone=ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHTLY = cron("0 3 * * *", BERLIN)

CHANGING = (
    *(BERLIN, HELSINKI, NEW_YORK, LORD_HOWE, SAO_PAULO),
    *(BEIRUT, APIA, NUUK, ST_JOHNS, TROLL),
)
zones = st.sampled_from(["UTC", *CHANGING])
moments = st.timedeltas(timedelta(), timedelta(days=50 * 365)).map(
    lambda passed: utc("1990-01-01") + passed
)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    return st.one_of(
        st.just("*"),
        st.integers(1, high).map(lambda step: f"*/{step}"),
        st.lists(st.one_of(number.map(str), span), min_size=1, max_size=3).map(
            ",".join
        ),
    )


@st.composite
def cron_schedules(draw: st.DrawFn) -> CronSchedule:
    # Days up to the 28th exist in every month, so that all of these happen.
    fields = (field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
    return cron(" ".join(draw(one) for one in fields), draw(zones))


schedules: st.SearchStrategy[Schedule] = st.one_of(
    cron_schedules(),
    st.builds(
        Every,
        interval=st.timedeltas(timedelta(milliseconds=100), 366 * DAY),
        anchor=moments,
    ),
)


def changes(zone: ZoneInfo, start: datetime, days: int) -> Iterator[datetime]:
    """The days, from this moment on, within which the clock of a zone changes."""
    for day, later in pairwise(start + n * DAY for n in range(days)):
        if day.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            yield day


def near_changes(schedule: Schedule, moment: datetime) -> datetime:
    """The same hour, but where it is most interesting: on the day of a change."""
    if isinstance(schedule, Every):
        return moment
    return next(changes(schedule.zone, moment, 200), moment)
