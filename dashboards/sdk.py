"""The parts of Grafana's SDK that are used here, imported without its advice.

It warns of the classic model of dashboards, which is the one that files, the sidecar and
the operator take in Grafana 11, 12 and 13.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import common as options
    from grafana_foundation_sdk.builders import dashboard as builders
    from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models import dashboard as models
    from grafana_foundation_sdk.models.prometheus import PromQueryFormat

__all__ = [
    "JSONEncoder",
    "PromQueryFormat",
    "builders",
    "common",
    "models",
    "options",
    "prometheus",
    "stat",
    "table",
    "timeseries",
]
