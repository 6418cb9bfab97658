"""The quality scale: every rule of Home Assistant is answered, and no tier is claimed in vain."""

import json
from pathlib import Path
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

import custom_components.flukso as integration

HOUSE = Path(integration.__file__).parent
MANIFEST: dict[str, Any] = json.loads((HOUSE / "manifest.json").read_text("utf-8"))
SCALE = load_yaml_dict(HOUSE / "quality_scale.yaml")

#: Home Assistant's rules of 2026, 54 in all, lowest tier first.
TIERS = {
    "bronze": {
        *("action-setup", "appropriate-polling", "brands", "common-modules", "config-flow"),
        *("config-flow-test-coverage", "dependency-transparency", "docs-actions"),
        *("docs-conditions", "docs-high-level-description", "docs-installation-instructions"),
        *("docs-removal-instructions", "docs-triggers", "entity-event-setup", "entity-unique-id"),
        *("has-entity-name", "runtime-data", "test-before-configure", "test-before-setup"),
        "unique-config-entry",
    },
    "silver": {
        *("action-exceptions", "config-entry-unloading", "docs-configuration-parameters"),
        *("docs-installation-parameters", "entity-unavailable", "integration-owner"),
        *("log-when-unavailable", "parallel-updates", "reauthentication-flow", "test-coverage"),
    },
    "gold": {
        *("devices", "diagnostics", "discovery", "discovery-update-info", "docs-data-update"),
        *("docs-examples", "docs-known-limitations", "docs-supported-devices"),
        *("docs-supported-functions", "docs-troubleshooting", "docs-use-cases", "dynamic-devices"),
        *("entity-category", "entity-device-class", "entity-disabled-by-default"),
        *("entity-translations", "exception-translations", "icon-translations"),
        *("reconfiguration-flow", "repair-issues", "stale-devices"),
    },
    "platinum": {"async-dependency", "inject-websession", "strict-typing"},
}
RULES: set[str] = set().union(*TIERS.values())


def answer(rule: str) -> dict[str, str]:
    """How a rule stands, with the comment if there is one."""
    given = SCALE["rules"][rule]
    return {"status": given} if isinstance(given, str) else given


def test_every_rule_of_home_assistant_is_answered_and_no_other() -> None:
    assert len(RULES) == 54
    assert SCALE.keys() == {"rules"}
    assert SCALE["rules"].keys() == RULES


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_is_done_or_says_why_not(rule: str) -> None:
    given = answer(rule)

    assert given.keys() <= {"status", "comment"}
    assert given["status"] in {"done", "exempt", "todo"}
    if given["status"] != "done":
        assert given["comment"].strip()


def test_no_tier_is_claimed_whose_rules_are_not_all_met() -> None:
    tiers = list(TIERS)
    claimed = tiers.index(MANIFEST["quality_scale"]) + 1 if "quality_scale" in MANIFEST else 0

    for tier in tiers[:claimed]:
        assert not {rule for rule in TIERS[tier] if answer(rule)["status"] == "todo"}, tier
