"""What the README and the documentation say works: the bridge, the links."""

from pathlib import Path
import re

from homeassistant.core import HomeAssistant
from paho.mqtt.client import topic_matches_sub
import pytest

from .broker import Broker
from .home import set_up
from .meters import Meter, flm02, flm03, three_clamps

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES_BY_NAME = {page.stem: page.read_text("utf-8") for page in PAGES}
README = PAGES_BY_NAME["README"]
WAVEFORMS = PAGES_BY_NAME["waveforms"]


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.split()) <= 1000


def test_the_page_on_security_names_tests_that_are_there() -> None:
    named = set(re.findall(r"`([\w/]*test_\w+(?:\.py|…)?)`", PAGES_BY_NAME["security"]))
    files = {name for name in named if name.endswith(".py")}
    tests = "\n".join((ROOT / "tests" / name).read_text("utf-8") for name in files)

    assert len(files) > 20
    assert len(named - files) > 8
    for name in named - files:
        assert re.search(rf"def {name.removesuffix('…')}", tests), name


def bridged(way: str) -> list[str]:
    """The topics that the bridge carries in that direction, with the lines for waveforms."""
    return re.findall(rf"^ *topic (\S+) {way} 0$", README + WAVEFORMS, re.MULTILINE)


def test_every_blueprint_can_be_imported_with_a_badge() -> None:
    folder = ROOT / "blueprints" / "automation" / "flukso"
    imported = re.findall(r"blueprints%2Fautomation%2Fflukso%2F(\w+)\.yaml\)", README)

    assert sorted(imported) == sorted(path.stem for path in folder.iterdir())


@pytest.mark.parametrize("meter", [flm03(), flm02(), three_clamps()])
@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_bridge_carries_every_topic_that_is_listened_to_and_no_other(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    before = set(broker.topics)
    await set_up(hass, broker, meter)

    listened_to = broker.topics - before
    assert listened_to
    for topic in listened_to:
        carrying = [line for line in bridged("in") if topic_matches_sub(line, topic)]
        assert len(carrying) == 1, topic
    if meter == three_clamps():
        for line in bridged("in"):
            assert any(topic_matches_sub(line, topic) for topic in listened_to), line
    assert [line.replace("+", meter.device_id) for line in bridged("out")] == [
        f"/d/device/{meter.device_id}/tmpo/sync"
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in anchors, target
