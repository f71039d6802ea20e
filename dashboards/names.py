"""The columns that name a sequence in a table, and lead to its dashboard."""

from __future__ import annotations

from dashboards.boards import SEQUENCE
from dashboards.panels import Column

_TO_SEQUENCE = (
    f"/d/{SEQUENCE}?${{datasource:queryparam}}&${{job:queryparam}}"
    "&${instance:queryparam}&${__url_time_range}"
    "&var-server=${__data.fields.Server}&var-datname=${__data.fields.Database}"
    "&var-schemaname=${__data.fields.Schema}&var-sequencename=${__data.fields.Sequence}"
)
NAMES = {
    "server": Column(title="Server"),
    "datname": Column(title="Database"),
    "schemaname": Column(title="Schema"),
    "sequencename": Column(title="Sequence", link=_TO_SEQUENCE),
}
