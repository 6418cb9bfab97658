"""A new user's first hour in the pages of one Home Assistant, in the order of its events."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta
from itertools import count
import json
from pathlib import Path
import re
import sys
import time

from paho.mqtt.publish import single
from playwright.async_api import Page, expect
import pytest

from demo.live import until_live
from demo.stage import DOMAIN
from demo.statistics import fill
from stack import HomeAssistant, Mosquitto, Process, eventually

from .browser import Camera, chromium, coloured, errors_in, pages
from .energy_dashboard import COUNTERS, METER, is_filled, used_on
from .parts import folder_of_pages
from .steps import (
    choose_in_menu,
    close_dialog,
    leave_energy_step,
    open_energy_step,
    open_integration,
    open_options,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CHECKOUT = Path(__file__).parents[2]
_PORTS = ("L1", "L2", "L3", "water", "gas", "solar")
_KUBES = ("living room", "garden")
_GRAPHS = ("power-sources", "energy-usage", "energy-gas", "energy-water")
#: Where the dashboards have three columns.
_WIDE = (1280, 1000)


@pytest.fixture
def verify_cleanup() -> None:
    """What runs on from one test to the next is meant to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything is kept that is started, if it can be."""
    return folder_of_pages(tmp_path_factory)


@pytest.fixture(scope="module")
async def mosquitto(folder: Path) -> AsyncGenerator[Mosquitto]:
    """The broker that Home Assistant uses."""
    async with Mosquitto(folder) as broker:
        yield broker


@pytest.fixture(scope="module")
async def home(folder: Path, mosquitto: Mosquitto) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant, with MQTT set up, where nobody counts quarters of an hour."""
    async with HomeAssistant(folder, passwordless=True, country="NL") as running:
        await running.client.add_mqtt(mosquitto.port)
        yield running
        assert errors_in(running.log) == []


@pytest.fixture(scope="module")
async def page(home: HomeAssistant) -> AsyncGenerator[Page]:
    """The tab in which the user looks around."""
    async with chromium() as browser, pages(browser, home) as tab:
        yield tab


@pytest.fixture(scope="module")
def camera(page: Page, folder: Path) -> Camera:
    """Takes pictures of what the user sees."""
    return Camera(page, folder)


@pytest.fixture(scope="module")
async def meter(folder: Path, mosquitto: Mosquitto, page: Page) -> AsyncGenerator[Process]:
    """The demo's meter, switched on when somebody looks."""
    command = [sys.executable, "-m", "demo.meter", "127.0.0.1", str(mosquitto.port)]
    playing = Process("meter", command, folder / "meter.log", folder=_CHECKOUT)
    await playing.start()
    yield playing
    await playing.stop(10)


async def test_a_meter_is_discovered_and_confirmed(
    home: HomeAssistant, meter: Process, page: Page, camera: Camera
) -> None:
    await page.goto("/config/integrations/dashboard")
    card = page.locator("ha-config-flow-card").filter(has_text="Fluksometer")
    await card.wait_for()
    await camera.take("discovered")
    await card.get_by_role("button", name="Add").click()

    await expect(page.get_by_text("Fluksometer FLM03, device id")).to_be_visible()
    names = page.get_by_text("Ports and kubes: L1, L2, L3, water, gas, solar")
    await expect(names).to_be_visible()
    await page.get_by_role("button", name="Submit").click()

    await leave_energy_step(page)

    await open_integration(page)
    entry = page.locator("ha-config-entry-row")
    for name in (*_PORTS, *_KUBES):
        await expect(entry.get_by_text(name, exact=True)).to_be_visible()
    await camera.take("integration")
    shown = await until_live(home.client, DOMAIN, 150)
    assert [row.entity_id for row in shown if not row.live] == []


async def test_the_page_of_the_meter_leads_to_those_of_its_ports(
    page: Page, camera: Camera
) -> None:
    await open_integration(page)
    entry = page.locator("ha-config-entry-row")
    await entry.locator("ha-config-entry-device-row").filter(has_text="Fluksometer").first.click()
    await expect(page.get_by_text("Serial number: FL")).to_be_visible()
    await expect(page.get_by_text("Firmware: 382")).to_be_visible()
    for name in ("Net active power", "Net energy import", "Net energy export"):
        await expect(page.get_by_text(name, exact=True)).to_be_visible()
    for name in (*_PORTS, *_KUBES):
        await expect(page.get_by_role("link", name=name)).to_be_visible()
    await camera.take("device", 1280)

    await page.get_by_role("link", name="L3").click()
    await expect(page.get_by_text("Part of Fluksometer")).to_be_visible()
    for name in ("Active power export", "Active energy import", "Voltage", "Power factor"):
        await expect(page.get_by_text(name, exact=True)).to_be_visible()
    await camera.take("port")


async def test_options_are_kept(page: Page, camera: Camera) -> None:
    await open_integration(page)
    await open_options(page)
    interval = page.get_by_role("spinbutton", name="Active power and current")
    await expect(interval).to_have_value("")  # when it changes
    offered = page.get_by_text("1: L1")
    await expect(offered).to_have_count(2)  # as a port of the supply and of the production
    for option in await offered.all():
        await expect(option).to_be_visible()
    await camera.take("options")
    await interval.fill("10")
    await page.get_by_role("button", name="Submit").click()
    await page.get_by_text("Options successfully saved").wait_for()
    await page.get_by_role("button", name="Finish").click()

    await open_options(page)
    await expect(interval).to_have_value("10")


async def test_reconfigure_takes_no_prefix_behind_which_nothing_is_heard(
    page: Page, camera: Camera
) -> None:
    await open_integration(page)
    await choose_in_menu(page, "Reconfigure")
    await page.get_by_text("Through Home Assistant's MQTT broker").click()
    prefix = page.get_by_role("textbox", name="Topic prefix")
    await prefix.fill("home/flukso")
    await page.get_by_role("button", name="Submit").click()
    await page.get_by_text("No Fluksometer was found under this prefix").wait_for()
    await camera.take("reconfigure")
    await prefix.fill("")
    await page.get_by_role("button", name="Submit").click()
    await page.get_by_text("Reconfiguration was successful").wait_for()


async def test_diagnostics_are_downloaded_without_the_meters_ids(
    folder: Path, home: HomeAssistant, page: Page
) -> None:
    await open_integration(page)
    async with page.expect_download() as download:
        await choose_in_menu(page, "Download diagnostics")
    file = await download.value
    assert file.suggested_filename.startswith("config_entry-flukso-")
    await file.save_as(folder / "diagnostics.json")
    text = (folder / "diagnostics.json").read_text()
    report = json.loads(text)["data"]
    assert report["meter"]["model"] == "FLM03"
    assert report["entry"]["options"]["power_interval"] == 10
    ids = [entity["unique_id"].split("_")[:2] for entity in await home.client.entities(DOMAIN)]
    assert not [each for pair in ids for each in pair if len(each) == 32 and each in text]


async def test_grid_solar_gas_and_water_are_added_to_the_energy_dashboard(
    home: HomeAssistant, page: Page
) -> None:
    await fill(home.client, home.database)
    await eventually(lambda: is_filled(home.client), "the statistics of the last ten days", 90)
    await open_integration(page)
    await open_energy_step(page)
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_text("Added to the Energy dashboard").wait_for()
    for name in ("Grid", "Solar", "Gas", "Water"):
        await expect(page.get_by_role("listitem").get_by_text(name, exact=True)).to_be_visible()
    await close_dialog(page)
    saved = (await home.client.call("energy/get_prefs"))["energy_sources"]
    assert {source["stat_energy_from"] for source in saved} < COUNTERS


async def test_the_energy_dashboard_draws_what_was_used(
    home: HomeAssistant, page: Page, camera: Camera
) -> None:
    await camera.take("energy-settings", *_WIDE)
    await page.goto("/energy")
    day = page.locator("hui-energy-period-selector .header-title")
    latest = await day.inner_text()  # until one in the morning it is yesterday
    await page.get_by_role("button", name="Previous").click()
    await expect(day).not_to_have_text(latest)
    used = await used_on(home.client, _day_shown_as(await day.inner_text()))
    for source, entity_id, shown in (
        ("Solar", "solar_energy", "{:.2f} kWh"),
        ("Gas", "gas_consumption", "{:.3f} m³"),
        ("Water", "water_consumption", "{:.0f} L"),
    ):
        value = used[f"{METER}_{entity_id}"]
        assert value > 0
        row = page.get_by_role("row").filter(has_text=f"{source} total")
        await expect(row).to_contain_text(shown.format(value))

    async def drawn() -> bool:
        cards = [page.locator(f"hui-{card}-graph-card canvas") for card in _GRAPHS]
        return all([await coloured(card) > 100 for card in cards])

    await eventually(drawn, "the graphs")
    await camera.take("energy", *_WIDE)


def _day_shown_as(shown: str) -> date:
    """The latest day in the past that is shown as this: Nov 27."""
    today = datetime.now(UTC).date()
    days = (today - timedelta(days=each) for each in range(366))
    return next(day for day in days if f"{day:%b} {day.day}" == shown)


async def test_what_a_counter_can_have_counted_before_it_began_anew_can_be_booked(
    home: HomeAssistant, mosquitto: Mosquitto, meter: Process, page: Page, camera: Camera
) -> None:
    [water] = [
        each
        for each in await home.client.entities(DOMAIN)
        if each["translation_key"] == "water_consumption"
    ]

    async def shown() -> float:
        return float((await home.client.states())[water["entity_id"]]["state"])

    await meter.stop(10)
    values = count(1)
    topic = f"/sensor/{water['unique_id'].split('_')[1]}/counter"
    await page.goto("/config/repairs")
    issue = page.get_by_text("A counter of the Fluksometer started over: water Consumption")

    async def told() -> bool:
        single(topic, json.dumps([int(time.time()), next(values), "L"]), port=mosquitto.port)
        return await issue.is_visible()

    await eventually(told, "the repair", every=1)
    await issue.click()
    await page.get_by_text("the counter has counted 1 L").wait_for()
    await camera.take("repair")
    told_of = await page.get_by_text("it stood at").inner_text()
    [before] = re.findall(r"after ([\d,]+) L it stood at 1 L", told_of)
    after = int(before.replace(",", "")) + next(values) - 1
    await page.get_by_text("Add 1 L").click()
    await page.get_by_text("The issue is repaired!").wait_for()

    async def booked() -> bool:
        return await shown() == after

    await eventually(booked, "what was booked", within=60)
