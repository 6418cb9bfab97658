"""Every rule of Home Assistant is answered, and what is said of it is held by a test."""

import ast
from pathlib import Path

import pytest

from .scale import MANIFEST, RULES, SCALE, TIERS, answer

HERE = Path(__file__).parent


def names_of(tier: str) -> list[str]:
    """The names of a tier's tests."""
    tree = ast.parse((HERE / f"test_{tier}.py").read_text("utf-8"))
    functions = (
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [function.name for function in functions if function.name.startswith("test_")]


def rule_of(test: str) -> str | None:
    """The rule that a test holds: the longest one that its name begins with."""
    words = test.removeprefix("test_").replace("_", "-")
    held = [rule for rule in RULES if f"{words}-".startswith(f"{rule}-")]
    return max(held, key=len, default=None)


def test_every_rule_of_home_assistant_is_answered_and_no_other() -> None:
    assert len(RULES) == 54
    assert SCALE.keys() == {"rules"}
    assert SCALE["rules"].keys() == RULES


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_is_done_or_says_why_not(rule: str) -> None:
    given = answer(rule)

    assert given.keys() <= {"status", "comment"}
    assert given["status"] in {"done", "exempt"}
    if given["status"] == "exempt":
        assert given["comment"].strip()


@pytest.mark.parametrize("tier", TIERS)
def test_every_rule_of_a_tier_is_held_by_a_test(tier: str) -> None:
    assert {rule_of(test) for test in names_of(tier)} == TIERS[tier]


def test_the_manifest_claims_the_highest_tier() -> None:
    assert MANIFEST["quality_scale"] == list(TIERS)[-1]
