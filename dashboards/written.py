"""All dashboards, by the file that each is written to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from dashboards.boards import built
from dashboards.fleet import FLEET_BOARD
from dashboards.health import HEALTH_BOARD
from dashboards.resets import RESETS_BOARD
from dashboards.sdk import JSONEncoder
from dashboards.sequence import SEQUENCE_BOARD

FOLDER = Path(__file__).parents[1] / "helm" / "sequence-agent" / "dashboards"

BOARDS = (FLEET_BOARD, SEQUENCE_BOARD, RESETS_BOARD, HEALTH_BOARD)


def documents() -> Mapping[str, str]:
    return {f"{board.uid}.json": _document(built(board)) for board in BOARDS}


def _document(dashboard: object) -> str:
    return json.dumps(dashboard, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
