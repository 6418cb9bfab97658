"""A meter that is connected to directly, in the pages of one Home Assistant, in this order."""

from collections.abc import AsyncGenerator
from pathlib import Path
import time
from typing import Self

from playwright.async_api import Page, expect
import pytest
import pytest_socket

from demo.stage import DOMAIN
from stack import HomeAssistant, Mosquitto, eventually
from stack.ports import LOOPBACK, free_port

from .browser import Camera, chromium, errors_in, pages
from .demo_meter import demo_meter, is_configured, is_live
from .parts import folder_of_pages
from .stage import bridge
from .steps import choose_in_menu, leave_energy_step, open_integration

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]

_HASTY = Path(__file__).parent / "hasty"
_OPEN = "accept_protocol_versions 3, 4"


@pytest.fixture
def verify_cleanup() -> None:
    """What runs on from one test to the next is meant to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything is kept that is started, if it can be."""
    return folder_of_pages(tmp_path_factory)


class Meter:
    """A meter with its own broker, whose address on the network can change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._publishing_port = free_port()
        self._readings = demo_meter(folder, self._publishing_port)
        self.port = 0
        self._broker: Mosquitto

    async def __aenter__(self) -> Self:
        await self._readings.start()
        await self.appear()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._readings.stop()
        await self.disappear()

    async def appear(self) -> None:
        """Be at an address that nobody knows."""
        self.port = free_port()
        self._broker = Mosquitto(
            self._folder,
            port=self._publishing_port,
            extra=f"{_OPEN}\nlistener {self.port} {LOOPBACK}\n{_OPEN}",
            name="meters-mosquitto",
        )
        await self._broker.start()
        await is_configured(self._publishing_port)

    async def disappear(self) -> None:
        """Be nowhere; it goes on counting."""
        await self._broker.stop()


@pytest.fixture(scope="module")
async def meter(folder: Path) -> AsyncGenerator[Meter]:
    """A meter that is switched on."""
    async with Meter(folder) as running:
        yield running


@pytest.fixture(scope="module")
async def home(folder: Path) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant, without MQTT set up."""
    async with HomeAssistant(folder, passwordless=True, extra="hasty:", more=[_HASTY]) as running:
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
async def bridged(folder: Path, meter: Meter, home: HomeAssistant) -> AsyncGenerator[None]:
    """MQTT is set up, and a bridge forwards the meter's messages to it."""
    pytest_socket.enable_socket()
    async with Mosquitto(folder, extra=bridge(meter.port)) as broker:
        await home.client.add_mqtt(broker.port)
        yield


async def add_flukso(page: Page) -> None:
    """Choose the integration from the list of all."""
    await page.goto("/config/integrations/dashboard")
    await page.get_by_role("button", name="Add integration").click()
    await page.get_by_placeholder("Search for a brand name").fill(DOMAIN)
    await page.locator("ha-integration-list-item").get_by_text("Flukso", exact=True).click()


async def enter(page: Page, port: int) -> None:
    """Fill in the form of the address, and submit it."""
    await page.get_by_role("textbox", name="Address").fill(LOOPBACK)
    await page.get_by_role("spinbutton", name="Port").fill(str(port))
    await page.get_by_role("button", name="Submit").click()


async def live(home: HomeAssistant, since: float) -> None:
    """Wait until the meter has been read since a time (s since 1970)."""
    await eventually(lambda: is_live(home, since), "the meter to be live", within=60)


async def test_a_wrong_address_has_its_error_and_the_right_one_leads_to_the_meter(
    home: HomeAssistant, meter: Meter, page: Page, camera: Camera
) -> None:
    await add_flukso(page)
    port = page.get_by_role("spinbutton", name="Port")
    await expect(port).to_have_value("1883")
    await camera.take("address")
    wrong = free_port()
    await enter(page, wrong)
    await page.get_by_text("The connection to this address and port failed").wait_for()
    await expect(page.get_by_role("textbox", name="Address")).to_have_value(LOOPBACK)
    await expect(port).to_have_value(str(wrong))
    await camera.take("wrong-address")
    await enter(page, home.port)
    await page.get_by_text("is not an MQTT broker").wait_for()

    await enter(page, meter.port)
    await page.get_by_text("Fluksometer FLM03, device id").wait_for()
    names = page.get_by_text("Ports and kubes: L1, L2, L3, water, gas, solar")
    await expect(names).to_be_visible()
    submitted = time.time()
    await page.get_by_role("button", name="Submit").click()
    await leave_energy_step(page)
    await live(home, submitted)


async def test_where_mqtt_is_set_up_both_ways_are_offered(
    bridged: None, home: HomeAssistant, meter: Meter, page: Page, camera: Camera
) -> None:
    await add_flukso(page)
    await page.get_by_text("Through Home Assistant's MQTT broker").wait_for()
    await camera.take("ways")
    await page.get_by_text("Directly over the network (recommended)").click()
    await enter(page, meter.port)
    await page.get_by_text("All Fluksometers that were found are already set up").wait_for()
    assert await home.client.flows_in_progress() == []


async def test_the_way_is_changed_back_and_forth_and_all_entities_stay(
    bridged: None, home: HomeAssistant, meter: Meter, page: Page
) -> None:
    entities = await home.client.entities(DOMAIN)
    await open_integration(page)
    await choose_in_menu(page, "Reconfigure")
    await page.get_by_text("Through Home Assistant's MQTT broker").click()
    await page.get_by_role("textbox", name="Topic prefix").wait_for()
    submitted = time.time()
    await page.get_by_role("button", name="Submit").click()
    await page.get_by_text("Reconfiguration was successful").wait_for()
    await live(home, submitted)
    assert not await is_direct(home)

    await open_integration(page)
    await choose_in_menu(page, "Reconfigure")
    await page.get_by_text("Directly over the network (recommended)").click()
    submitted = time.time()
    await enter(page, meter.port)
    await page.get_by_text("Reconfiguration was successful").wait_for()
    await live(home, submitted)
    assert await is_direct(home)
    assert await home.client.entities(DOMAIN) == entities


async def test_a_meter_that_is_not_reachable_is_a_repair_which_takes_its_new_address(
    home: HomeAssistant, meter: Meter, page: Page, camera: Camera
) -> None:
    old = meter.port
    await meter.disappear()
    await page.goto("/config/repairs")
    await page.get_by_text("The meter is not reachable: Fluksometer").click()
    await page.get_by_text(f"at the address {LOOPBACK} for five minutes").wait_for()
    await expect(page.get_by_role("spinbutton", name="Port")).to_have_value(str(old))
    await camera.take("unreachable")
    await meter.appear()
    submitted = time.time()
    await enter(page, meter.port)
    await page.get_by_text("The issue is repaired!").wait_for()
    await live(home, submitted)
    assert await home.client.issues(DOMAIN) == []


async def is_direct(home: HomeAssistant) -> bool:
    """Whether the entry of the meter has an address."""
    [entry] = await home.client.entries(DOMAIN)
    report = await home.client.diagnostics(entry["entry_id"])
    return "host" in report["data"]["entry"]["data"]
