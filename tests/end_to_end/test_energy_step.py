"""From an empty Home Assistant to an Energy dashboard with data, as a new user gets there.

The integration is installed, and Home Assistant restarted; the rest is done here by hand: add the
meter at its address, and add it to the Energy dashboard. No other step is taken.
"""

from collections.abc import AsyncGenerator, Mapping
import contextlib
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path

from playwright.async_api import Browser, Page, expect
import pytest

from demo.stage import DOMAIN
from stack import HomeAssistant, eventually
from stack.ports import LOOPBACK

from .browser import Camera, coloured, pages
from .steps import DIALOG
from .test_browser_direct import Meter

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

_TRANSLATIONS = Path(__file__).parents[2] / "custom_components" / DOMAIN / "translations"
_DESKTOP, _PHONE = (1280, 1000), (412, 915)
_GRAPHS = ("energy-usage", "energy-gas", "energy-water")
_ENERGIES = ("stat_energy_from", "stat_energy_to")
#: What Home Assistant's own pages say.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "add": "Add integration",
        "search": "Search for a brand name",
        "submit": "Submit",
        "before": "Previous",
    },
    "nl": {
        "add": "Voeg integratie toe",
        "search": "Zoek naar een merknaam",
        "submit": "Verzend",
        "before": "Vorige",
    },
}


@pytest.fixture
async def meter(tmp_path: Path) -> AsyncGenerator[Meter]:
    """A meter that is switched on."""
    async with Meter(tmp_path) as running:
        yield running


@pytest.fixture
async def home(tmp_path: Path) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant with nothing set up."""
    async with HomeAssistant(tmp_path, passwordless=True) as running:
        yield running
        assert " ERROR " not in running.log.read_text()


@contextlib.asynccontextmanager
async def tab(
    browser: Browser, home: HomeAssistant, language: str, size: tuple[int, int]
) -> AsyncGenerator[Page]:
    """Home Assistant's pages in a language, on a screen of a size."""
    async with pages(browser, home) as page:
        await page.evaluate(
            "code => localStorage.setItem('selectedLanguage', JSON.stringify(code))", language
        )
        width, height = size
        await page.set_viewport_size({"width": width, "height": height})
        yield page


@pytest.mark.parametrize(
    ("language", "size"),
    [("en", _DESKTOP), ("nl", _PHONE)],
    ids=["English, desktop", "Dutch, phone"],
)
async def test_a_new_meter_is_in_the_energy_dashboard_after_two_forms(
    home: HomeAssistant,
    meter: Meter,
    browser: Browser,
    tmp_path: Path,
    *,
    language: str,
    size: tuple[int, int],
) -> None:
    words = _WORDS[language]
    texts = json.loads((_TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    step = texts["options"]["step"]["energy"]
    await home.client.call("config/core/update", language=language)
    async with tab(browser, home, language, size) as page:
        camera = Camera(page, tmp_path)
        await page.goto("/config/integrations/dashboard")
        await page.get_by_role("button", name=words["add"]).click()
        await page.get_by_placeholder(words["search"]).fill(DOMAIN)
        await page.locator("ha-integration-list-item").get_by_text("Flukso", exact=True).click()
        fields = texts["config"]["step"]["direct"]["data"]
        await page.get_by_role("textbox", name=fields["host"]).fill(LOOPBACK)
        await page.get_by_role("spinbutton", name=fields["port"]).fill(str(meter.port))
        await page.get_by_role("button", name=words["submit"]).click()
        await page.get_by_text("Fluksometer FLM03").wait_for()
        await page.get_by_role("button", name=words["submit"]).click()

        await page.get_by_text(step["title"]).wait_for()
        for use in ("grid", "solar", "gas", "water", "devices"):
            await page.get_by_text(step["data_description"][use]).wait_for()
        await expect(page.get_by_role("checkbox", checked=True)).to_have_count(4)
        await camera.take(f"energy-step-{language}", *size)
        await page.get_by_role("button", name=step["submit"], exact=True).click()
        names = [texts["common"][f"energy_{use}"] for use in ("grid", "solar", "gas", "water")]
        for name in names:
            await expect(page.get_by_role("listitem").get_by_text(name, exact=True)).to_be_visible()
        await camera.take(f"energy-added-{language}", *size)

        await pass_two_days(home)
        await page.locator(f"{DIALOG} a[href='/energy']").click()
        await expect(page).to_have_url(f"{home.url}/energy")
    for width, height in (_DESKTOP, _PHONE):
        async with tab(browser, home, language, (width, height)) as page:
            await page.goto("/energy")
            await page.get_by_role("button", name=words["before"]).click()
            await _is_drawn(page)
            await Camera(page, tmp_path).take(f"energy-{language}-{width}", width, height)
            for name in names[:2]:
                await expect(page.get_by_text(name, exact=True).first).to_be_visible()


async def pass_two_days(home: HomeAssistant) -> None:
    """Give what is in the dashboard the statistics that two days make."""
    sources = (await home.client.call("energy/get_prefs"))["energy_sources"]
    energies = {source[key] for source in sources for key in _ENERGIES if source.get(key)}
    listed = await home.client.call("recorder/list_statistic_ids")
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=each) for each in range(48, 0, -1)]
    found = [each for each in listed if each["statistic_id"] in energies]
    assert len(found) == 5  # grid import and export, solar, gas, water
    for metadata in found:
        rows = [
            {"start": start.isoformat(), "state": 0.5 * count, "sum": 0.5 * count}
            for count, start in enumerate(hours)
        ]
        await home.client.import_statistics(metadata, rows)


async def _is_drawn(page: Page) -> None:
    async def drawn() -> bool:
        cards = [page.locator(f"hui-{card}-graph-card canvas") for card in _GRAPHS]
        return all([await card.count() and await coloured(card) > 100 for card in cards])

    await eventually(drawn, "the graphs")
