"""Which job a tick belongs to: what the job does, whatever it is called and wherever it is written."""

from __future__ import annotations

import hashlib
import json

from agent.domain.resets.job import ResetJob


def job_sha256(job: ResetJob) -> str:
    """The same for every agent that would do the same, and for nobody else.

    Limits, locks, schedules and labels are left out: they say whether, when and under
    which name, not what.
    """
    what = {
        "kind": job.kind.value,
        "environment": job.environment,
        "include": sorted(job.tables.include) if job.tables else [],
        "exclude": sorted(job.tables.exclude) if job.tables else [],
        "sequences": sorted(job.sequences),
        "seeds": list(job.seed_names),
        "triggers": sorted(job.allowed.triggers),
        "computed_defaults": sorted(job.allowed.computed_defaults),
    }
    canonical = json.dumps(what, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
