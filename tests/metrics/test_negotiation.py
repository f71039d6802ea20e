from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.metrics.lines import Format
from agent.metrics.negotiation import format_for, gzip_welcome

TEXT, OPENMETRICS = Format.TEXT, Format.OPENMETRICS

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_TEXT_FIRST = (
    "text/plain;version=0.0.4;q=0.6,"
    "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"
)
PROTOBUF_ONLY = (
    "application/vnd.google.protobuf;"
    "proto=io.prometheus.client.MetricFamily;encoding=delimited"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        (BROWSER, TEXT),
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        (PROMETHEUS_3_TEXT_FIRST, TEXT),
        (PROTOBUF_ONLY, TEXT),
        ("application/json", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"', OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", TEXT),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text;q=0, application/*", TEXT),
        ("application/openmetrics-text;q=0.2, text/plain;q=0.3", TEXT),
        ("application/openmetrics-text;q=0.3, text/plain;q=0.2", OPENMETRICS),
        ("application/openmetrics-text, text/plain", OPENMETRICS),
        ("text/plain, application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text, */*", OPENMETRICS),
        ("application/*", OPENMETRICS),
        ("text/*;q=0.9, application/*;q=0.1", TEXT),
        ("text/plain;q=0, */*;q=0.1, application/openmetrics-text;q=0.05", OPENMETRICS),
        ("application/openmetrics-text;q=high, text/plain", TEXT),
        ("application/openmetrics-text;q=nan, text/plain;q=0.1", TEXT),
        (";;;,,,q=1", TEXT),
    ],
)
def test_the_format_is_the_one_that_is_preferred(accept: str, expected: Format) -> None:
    assert format_for(accept) is expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("deflate;q=1.0, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("identity;q=0.5, gzip;q=0.4", False),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("identity;q=0, gzip", True),
        ("identity, *;q=0.5", False),
        ("br, zstd", False),
        ("gzip;q=2", False),
        ("notgzip", False),
    ],
)
def test_gzip_is_sent_to_those_who_want_it(
    accept_encoding: str, *, expected: bool
) -> None:
    assert gzip_welcome(accept_encoding) is expected


@settings(deadline=None)
@given(header=st.text())
def test_no_header_is_so_odd_that_there_is_no_answer(header: str) -> None:
    assert format_for(header) in Format
    assert gzip_welcome(header) in {True, False}
