"""Writes the dashboards as Grafana reads them: `python -m dashboards [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards.written import FOLDER, documents

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        (folder / name).write_text(document, encoding="utf-8")
