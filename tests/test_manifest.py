"""What Home Assistant, hassfest and HACS ask of the files around the code."""

import ast
from fnmatch import fnmatch
import json
from pathlib import Path
import re
import struct
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.components.logger.helpers import get_integration_loggers
import homeassistant.const
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_dhcp, async_get_zeroconf
import pytest

import custom_components.flukso as integration
from custom_components.flukso.const import DOMAIN
from custom_components.flukso.protocol.topics import Report, report_topic

HOUSE = Path(integration.__file__).parent
REPOSITORY = HOUSE.parent.parent
MANIFEST: dict[str, Any] = json.loads((HOUSE / "manifest.json").read_text("utf-8"))
HACS: dict[str, Any] = json.loads((REPOSITORY / "hacs.json").read_text("utf-8"))

KNOWN = {
    *("domain", "name", "after_dependencies", "codeowners", "config_flow", "dependencies"),
    *("dhcp", "documentation", "import_executor", "integration_type", "iot_class", "issue_tracker"),
    *("loggers", "mqtt", "quality_scale", "requirements", "single_config_entry", "version"),
    "zeroconf",
}
NEEDED = {
    *("domain", "name", "codeowners", "config_flow", "documentation", "integration_type"),
    *("iot_class", "issue_tracker", "mqtt", "version"),
}

#: Platforms are not depended on, they are offered.
PLATFORMS = {"sensor", "binary_sensor", "image", "diagnostics", "repairs", "logbook"}


def test_the_manifest_says_what_is_needed_in_the_order_that_is_asked_for() -> None:
    assert NEEDED <= MANIFEST.keys() <= KNOWN
    first, rest = list(MANIFEST)[:2], list(MANIFEST)[2:]
    assert first == ["domain", "name"]
    assert rest == sorted(rest)


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_home_assistant_can_switch_the_log_to_debug(hass: HomeAssistant) -> None:
    assert f"custom_components.{DOMAIN}" in await get_integration_loggers(hass, DOMAIN)
    written = "\n".join(module.read_text("utf-8") for module in HOUSE.rglob("*.py"))
    assert set(re.findall(r"getLogger\((.*?)\)", written)) == {"__name__"}


def test_the_manifest_is_of_this_integration() -> None:
    assert MANIFEST["domain"] == DOMAIN == HOUSE.name
    assert MANIFEST["integration_type"] == "hub"
    assert MANIFEST["iot_class"] == "local_push"
    assert MANIFEST["config_flow"] is True
    for address in (MANIFEST["documentation"], MANIFEST["issue_tracker"]):
        assert address.startswith("https://")
        assert "home-assistant.io" not in address
    version = AwesomeVersion(MANIFEST["version"])
    assert version.strategy is AwesomeVersionStrategy.SEMVER


def test_a_code_owner_is_a_person_or_a_team_and_never_a_whole_organisation() -> None:
    organisation = MANIFEST["documentation"].removeprefix("https://github.com/").split("/")[0]

    assert MANIFEST["codeowners"]
    for owner in MANIFEST["codeowners"]:
        assert re.fullmatch(r"@[\w-]+(/[\w-]+)?", owner)
        assert owner != f"@{organisation}"


def test_only_requirements_have_loggers_of_their_own() -> None:
    assert "loggers" not in MANIFEST or MANIFEST.get("requirements")


def test_a_meter_is_discovered_by_its_sensors_alone() -> None:
    assert MANIFEST["mqtt"] == [report_topic(prefix, "+", Report.SENSORS) for prefix in ("/", "")]


SERVICES = ("MQTT Broker on flukso-f10300", "Flukso RESTful API on flukso-f10300")


@pytest.mark.usefixtures("enable_custom_integrations")
@pytest.mark.parametrize("name", SERVICES)
async def test_a_meter_is_discovered_by_each_service_that_it_announces(
    hass: HomeAssistant, name: str
) -> None:
    kind = "_mqtt._tcp.local." if name == SERVICES[0] else "_flukso._tcp.local."
    matchers = (await async_get_zeroconf(hass))[kind]

    [own] = [matcher for matcher in matchers if matcher["domain"] == DOMAIN]
    assert fnmatch(f"{name}.{kind}".lower(), own.get("name", "*"))


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_another_broker_that_announces_itself_is_not_taken_for_a_meter(
    hass: HomeAssistant,
) -> None:
    matchers = (await async_get_zeroconf(hass))["_mqtt._tcp.local."]

    [own] = [matcher for matcher in matchers if matcher["domain"] == DOMAIN]
    assert not fnmatch("mosquitto on attic._mqtt._tcp.local.", own["name"])


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_a_meter_is_discovered_by_the_host_name_with_which_it_asks_for_an_address(
    hass: HomeAssistant,
) -> None:
    [own] = [matcher for matcher in await async_get_dhcp(hass) if matcher["domain"] == DOMAIN]

    assert fnmatch("flukso-f10300", own["hostname"])


def test_what_is_imported_of_home_assistant_is_depended_on() -> None:
    imported: set[str] = set()
    for module in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.level:
                continue
            head, _, tail = (node.module or "").partition("homeassistant.components")
            if head or not (node.module or "").startswith("homeassistant.components"):
                continue
            imported |= {tail.split(".")[1]} if tail else {alias.name for alias in node.names}

    depended = {*MANIFEST.get("dependencies", []), *MANIFEST.get("after_dependencies", [])}
    assert imported - PLATFORMS == depended


def test_hacs_is_told_the_oldest_home_assistant_that_works() -> None:
    assert HACS.keys() <= {
        *("name", "homeassistant", "hacs", "hide_default_branch", "render_readme"),
        *("content_in_root", "country", "filename", "persistent_directory", "zip_release"),
    }
    assert HACS["name"]
    assert AwesomeVersion(HACS["homeassistant"]) <= homeassistant.const.__version__
    assert AwesomeVersion(HACS["homeassistant"]) >= "2026.9.0"  # child devices


def test_the_repository_holds_what_hacs_looks_for() -> None:
    assert (REPOSITORY / "LICENSE").is_file()
    assert (REPOSITORY / "README.md").is_file()
    folders = [path for path in HOUSE.parent.iterdir() if path.is_dir() and path.name[0] != "_"]
    assert folders == [HOUSE]


@pytest.mark.parametrize("theme", ["", "dark_"])
@pytest.mark.parametrize(("resolution", "scale"), [("", 1), ("@2x", 2)])
def test_the_brand_images_have_their_sizes(theme: str, resolution: str, scale: int) -> None:
    icon = png_size(HOUSE / "brand" / f"{theme}icon{resolution}.png")
    width, height = png_size(HOUSE / "brand" / f"{theme}logo{resolution}.png")

    assert icon == (256 * scale, 256 * scale)
    assert width > height
    assert 128 * scale <= height <= 256 * scale


def png_size(image: Path) -> tuple[int, int]:
    """Width and height of a PNG image, from its first chunk."""
    content = image.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content[12:16] == b"IHDR"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_mqtt_is_touched_by_the_transport_alone() -> None:
    touching = {
        module.name
        for module in HOUSE.rglob("*.py")
        if "homeassistant.components import mqtt" in module.read_text("utf-8")
        or "homeassistant.components.mqtt" in module.read_text("utf-8")
    }

    assert touching == {"home_assistant.py"}
