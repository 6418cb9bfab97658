"""The dashboard that the integration offers, in the pages of one Home Assistant, in this order."""

from collections.abc import AsyncGenerator
from io import BytesIO
from pathlib import Path
import sys

from PIL import Image, ImageStat
from playwright.async_api import Page, expect
import pytest

from demo.stage import DOMAIN
from demo.statistics import fill, set_up_energy
from stack import HomeAssistant, Mosquitto, Process, eventually
from stack.ports import LOOPBACK

from .browser import Camera, chromium, errors_in, pages
from .demo_meter import demo_meter
from .energy_dashboard import COUNTERS, is_filled
from .parts import folder_of_pages
from .steps import is_whole

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

_CHECKOUT = Path(__file__).parents[2]
_SECTIONS = ("Power now", "Phases", "Energy", "Water and gas", "Quarter-hour demand", "Kubes")
_PHONE, _DESK = (390, 844), (1280, 1000)
#: As high as the whole page, for pictures of all of it.
_TALL = 1800
_URL = "/dashboard-flukso"
#: Half of a picture of white pages is brighter, half of one of dark pages is not (of 255).
_DARK = 64


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
    """Home Assistant in Belgium, with a meter and its past, and the Energy dashboard set up."""
    async with (
        HomeAssistant(folder, passwordless=True, country="BE") as running,
        demo_meter(folder, mosquitto.port),
    ):
        await running.client.add_mqtt(mosquitto.port)
        [card] = await running.client.discovered(DOMAIN)
        await running.client.confirm(card["flow_id"])
        await eventually(lambda: has_counted(running), "the first readings", 120)
        await fill(running.client, running.database)
        await eventually(
            lambda: is_filled(running.client), "the statistics of the last ten days", 240
        )
        await set_up_energy(running.client)
        yield running
        assert errors_in(running.log) == []


async def has_counted(home: HomeAssistant) -> bool:
    """Whether each counter of the Energy dashboard has a value."""
    states = await home.client.states()
    return all(
        each in states and states[each]["state"] not in ("unknown", "unavailable")
        for each in COUNTERS
    )


@pytest.fixture(scope="module")
async def page(home: HomeAssistant) -> AsyncGenerator[Page]:
    """The tab in which the user looks around."""
    async with chromium() as browser, pages(browser, home) as tab:
        yield tab


@pytest.fixture(scope="module")
def camera(page: Page, folder: Path) -> Camera:
    """Takes pictures of what the user sees."""
    return Camera(page, folder)


async def test_it_is_offered_among_the_dashboards_and_made_without_a_line_of_yaml(
    page: Page, camera: Camera
) -> None:
    await page.goto("/config/lovelace/dashboards")
    await page.get_by_role("button", name="Add dashboard").click()
    offered = page.locator("dashboard-card").filter(has_text="Your meters")
    await offered.wait_for()
    await camera.take("dashboard-offered")
    await offered.click()
    await expect(page.get_by_role("textbox", name="Title")).to_have_value("Flukso")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("dialog").wait_for(state="hidden")

    await page.goto(_URL)
    await is_whole(page, *_SECTIONS)
    await page.get_by_role("button", name="Previous").click()  # to a day that is over
    await page.evaluate("scrollTo(0, 0)")
    await camera.take("dashboard", _DESK[0], 875)
    await camera.take("dashboard-whole", _DESK[0], _TALL)


async def test_it_fits_a_phone(page: Page, camera: Camera) -> None:
    await page.set_viewport_size({"width": _PHONE[0], "height": _PHONE[1]})
    await page.goto(_URL)
    await is_whole(page, *_SECTIONS)
    await camera.take("dashboard-phone", *_PHONE)
    await camera.take("dashboard-phone-whole", _PHONE[0], 5000)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) == 0


async def test_it_is_dark_at_night(page: Page, camera: Camera) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.goto(_URL)
    await is_whole(page, *_SECTIONS)
    await camera.take("dashboard-dark", _DESK[0], _TALL)
    brightness = ImageStat.Stat(Image.open(BytesIO(await page.screenshot())).convert("L"))
    assert brightness.median[0] < _DARK
    await page.emulate_media(color_scheme="light")


async def test_what_is_enabled_renamed_or_added_is_there_without_an_edit(
    folder: Path, home: HomeAssistant, mosquitto: Mosquitto, page: Page, camera: Camera
) -> None:
    await page.set_viewport_size({"width": _DESK[0], "height": _TALL})
    await page.goto(_URL)
    await is_whole(page, *_SECTIONS)
    for entity in await home.client.entities(DOMAIN):
        if entity["translation_key"] in ("waveform", "crest_factor"):
            await home.client.update_entity(entity["entity_id"], disabled_by=None)
    [entry] = await home.client.entries(DOMAIN)
    await home.client.reload_entry(entry["entry_id"])
    await is_whole(page, *_SECTIONS, "Waveforms")
    await expect(page.locator("hui-picture-entity-card img")).to_have_count(3)
    await camera.take("dashboard-waveforms", _DESK[0], _TALL)

    arguments = ["--broker", f"{LOOPBACK}:{mosquitto.port}", "--model", "flm02"]
    command = [sys.executable, "-m", "simulator", *arguments]
    async with Process("flm02", command, folder / "flm02.log", folder=_CHECKOUT):
        [card] = await home.client.discovered(DOMAIN)
        await home.client.confirm(card["flow_id"])
        tabs = page.get_by_role("tab")
        await expect(tabs).to_have_count(2)
        await tabs.nth(1).click()
        await is_whole(page, "Power now", "Energy")
        await camera.take("dashboard-flm02", _DESK[0], _TALL)
