"""A port whose name is Markdown: what the user reads of it has no link, no picture, no element."""

import re

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.formats import plain_name
from custom_components.flukso.installation_report import PortReport, async_report_texts
from custom_components.flukso.metering.clamp_checks import ClampFinding, Trouble

from .broker import Broker
from .flows import discover
from .home import let_pass, set_up_and_read
from .meters import flm03, reading

LINK = "[update](https://evil.example/x)"
#: What a browser makes a link, a picture or an element of.
ALIVE = re.compile(r"\]\(|\]:|<\w|\w://|www\.|\w@\w", re.IGNORECASE)
NAMES = [
    LINK,
    "![](//evil.example/x.png)",
    "[x]: //evil.example",
    '<img src="//evil.example/x.png">',
    "<https://evil.example>",
    "https://evil.example",
    "WWW.evil.example",
    "me@evil.example",
]


@pytest.mark.parametrize("name", NAMES)
def test_markdown_in_a_name_is_dead_and_looks_the_same(name: str) -> None:
    assert ALIVE.search(name)

    shown = plain_name(name)

    assert ALIVE.search(shown) is None
    assert shown.replace("\N{WORD JOINER}", "") == name


@pytest.mark.parametrize("name", ["L1 (main)", "heat_pump", "zon & wind: 50 %", "1.5 kW", "été"])
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert plain_name(name) == name


async def test_the_form_that_asks_whether_to_add_a_meter_has_no_link_of_its_own(
    hass: HomeAssistant, broker: Broker
) -> None:
    form = await discover(hass, broker, flm03().with_port(1, name=LINK))

    assert form["description_placeholders"] is not None
    ports = form["description_placeholders"]["ports"]
    assert ports.startswith(plain_name(LINK))
    assert ALIVE.search(ports) is None


async def test_the_repair_of_a_counter_has_none(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03().with_port(1, name=LINK)
    await set_up_and_read(hass, broker, meter)
    freezer.tick(600)
    for value in ("1500.000", "1500.250", "1500.500"):
        freezer.tick(1)
        await broker.publish(meter.topic(1, "counter"), reading(value, "Wh"))
    await let_pass(hass, broker, freezer, 5)

    [issue] = [each for each in ir.async_get(hass).issues.values() if each.domain == DOMAIN]
    assert issue.translation_placeholders is not None
    name = issue.translation_placeholders["name"]
    assert name.startswith(plain_name(LINK))
    assert ALIVE.search(name) is None


async def test_the_check_of_the_installation_has_none(hass: HomeAssistant) -> None:
    texts = await async_report_texts(hass)
    unplugged = ClampFinding(Trouble.NO_READINGS, {})

    line = texts.of_port(PortReport(1, LINK, [unplugged], None))

    assert line.count(plain_name(LINK)) == 2
    assert ALIVE.search(line) is None
