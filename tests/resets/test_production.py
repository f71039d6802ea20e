"""What people call the environment that must never be reset."""

from __future__ import annotations

import pytest

from agent.domain.resets.production import means_production


@pytest.mark.parametrize(
    "text",
    [
        *("live", "prd", "prod", "production", "productive", "produktion", "produktiv"),
        "PRODUCTION",
        "Prod",
        "eu-prod-2",
        "prod2",
        "2prod",
        "prod_eu",
        "the production of all",
        "not a copy of production",
        "nonsense prod",
        "prod, not staging",
        "\uff50\uff52\uff4f\uff44",
        "\U0001d429\U0001d42b\U0001d428\U0001d41d",
    ],
)
def test_a_word_for_production_counts_wherever_it_stands(text: str) -> None:
    assert means_production(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "staging",
        "product",
        "reproduction",
        "delivery",
        "olive",
        *("no prod", "non-prod", "not production", "pre_prod", "NOT PRODUCTION"),
        "preprod",
    ],
)
def test_a_word_that_is_negated_or_only_looks_alike_does_not(text: str) -> None:
    assert not means_production(text)
