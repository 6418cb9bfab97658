"""The rules, what this integration answers to each, and the files that the answers are about."""

import ast
from collections.abc import Iterator
from importlib import import_module
import json
from pathlib import Path
import re
from types import ModuleType
from typing import Any

from homeassistant.util.yaml import load_yaml_dict

import custom_components.flukso as integration

HOUSE = Path(integration.__file__).parent
REPOSITORY = HOUSE.parent.parent
MANIFEST: dict[str, Any] = json.loads((HOUSE / "manifest.json").read_text("utf-8"))
ENGLISH: dict[str, Any] = json.loads((HOUSE / "translations" / "en.json").read_text("utf-8"))
ICONS: dict[str, Any] = json.loads((HOUSE / "icons.json").read_text("utf-8"))
README = (REPOSITORY / "README.md").read_text("utf-8")
SCALE = load_yaml_dict(HOUSE / "quality_scale.yaml")
ACTIONS = load_yaml_dict(HOUSE / "services.yaml") if (HOUSE / "services.yaml").exists() else {}

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


def platforms() -> list[ModuleType]:
    """The modules that bring entities."""
    return [
        import_module(f"{integration.__name__}.{platform}") for platform in integration.PLATFORMS
    ]


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the integration, parsed."""
    for path in sorted(HOUSE.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def imported() -> set[str]:
    """The names of all modules that the integration imports from elsewhere."""
    names: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names.add(node.module)
    return names


def section(title: str, page: str = "README.md") -> str:
    """The text below a heading of a page, up to the next one of its level, or of the whole page."""
    found = re.search(
        rf"^(?P<level>#+) {re.escape(title)}\n(?P<text>.*?)(?=^(?P=level) |\Z)",
        (REPOSITORY / page).read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert found, f"{page} has no section {title!r}"
    return found["text"].strip()
