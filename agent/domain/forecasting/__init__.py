"""When a sequence runs out: from a history of calls to quantiles, and how they came out."""
