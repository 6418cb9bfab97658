"""A meter that announces itself, in a network of its own: test_announced.py has these tests run.

They are not collected otherwise. They change addresses, so they refuse any network but a new one.
"""

from collections.abc import AsyncGenerator
from pathlib import Path
import time

from playwright.async_api import Page, expect
import pytest

from stack import HomeAssistant, eventually

from .browser import Camera, chromium, errors_in, pages
from .demo_meter import DEVICE_ID, is_live
from .networked_meter import METER, METER_LATER, NetworkedMeter, enter_own_network
from .steps import leave_energy_step

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What was sent before is read within so many seconds.
_ON_THE_WAY = 2


@pytest.fixture
def verify_cleanup() -> None:
    """What runs on from one test to the next is meant to."""


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant, without MQTT set up, on a network on which there is no meter yet."""
    enter_own_network()
    folder = tmp_path_factory.mktemp("home")
    async with HomeAssistant(folder, passwordless=True, extra="zeroconf:") as running:
        yield running
        assert errors_in(running.log) == []


@pytest.fixture(scope="module")
async def page(home: HomeAssistant) -> AsyncGenerator[Page]:
    """The tab in which the user looks around."""
    async with chromium() as browser, pages(browser, home) as tab:
        yield tab


@pytest.fixture
def camera(page: Page, tmp_path: Path) -> Camera:
    """Takes pictures of what the user sees."""
    return Camera(page, tmp_path)


@pytest.fixture(scope="module")
async def meter(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[NetworkedMeter]:
    """A meter that is switched on when somebody looks."""
    switched_on = NetworkedMeter(tmp_path_factory.mktemp("meter"))
    await switched_on.switch_on(METER)
    yield switched_on
    await switched_on.switch_off()


async def test_a_meter_that_announces_itself_is_one_card_and_live_within_three_seconds(
    home: HomeAssistant, page: Page, meter: NetworkedMeter, camera: Camera
) -> None:
    await page.goto("/config/integrations/dashboard")
    card = page.locator("ha-config-flow-card")
    await card.get_by_text(f"Fluksometer {DEVICE_ID[:6]}").wait_for()
    await expect(card).to_have_count(1)
    await card.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("Fluksometer FLM03, device id")).to_be_visible()
    await expect(page.get_by_text("Ports and kubes: L1, L2, L3, water, gas")).to_be_visible()
    await camera.take("confirm", height=560)

    submitted = time.time()
    await page.get_by_role("button", name="Submit").click()
    await eventually(lambda: is_live(home, submitted), "all to be live", within=3, every=0.1)
    await leave_energy_step(page)
    assert await home.client.flows_in_progress() == []


async def test_it_goes_on_by_itself_when_it_has_another_address(
    home: HomeAssistant, meter: NetworkedMeter
) -> None:
    entities = await home.client.entities("flukso")
    await meter.move(METER_LATER)
    since = time.time() + _ON_THE_WAY

    await eventually(lambda: is_live(home, since), "all to be live again", within=20)

    assert await home.client.entities("flukso") == entities
    assert await home.client.flows_in_progress() == []
