from __future__ import annotations

from agent.config import ConfigError, Problem
from agent.errors import AgentError


def test_problems_are_sorted_by_line_then_path() -> None:
    error = ConfigError(
        [
            Problem(9, "b", "x"),
            Problem(9, "a", "x"),
            Problem(None, "c", "x"),
            Problem(1, "", "x"),
        ],
        "f.yaml",
    )

    assert str(error) == "f.yaml: c: x\nf.yaml:1: x\nf.yaml:9: a: x\nf.yaml:9: b: x"
    assert isinstance(error, AgentError)


def test_a_configuration_from_nowhere_is_called_so() -> None:
    assert str(ConfigError([Problem(None, "a", "x")])) == "configuration: a: x"
