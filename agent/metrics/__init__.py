"""What a scrape of /metrics answers. The only home of prometheus_client."""

from __future__ import annotations
