"""From an empty Home Assistant to both dashboards in five steps, as the README tells them.

The steps are taken by hand, in Home Assistant's pages, with a meter that announces itself: copy the
folder, restart, add what is discovered, add it to the Energy dashboard, and open that. Then the
Flukso dashboard is added. test_announced.py has these tests run, in a network of their own.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import re
import shutil
from typing import Any

from playwright.async_api import Browser, Page, expect
import pytest

from demo.stage import DOMAIN
from stack import HomeAssistant, eventually
from stack.home_assistant import COMPONENT

from .browser import Camera, chromium, coloured, errors_in, pages
from .demo_meter import DEVICE_ID
from .networked_meter import METER, NetworkedMeter, enter_own_network
from .steps import DIALOG, is_whole

_DESKTOP, _PHONE = (1280, 1000), (412, 915)
_GRAPHS = ("energy-usage", "energy-gas", "energy-water")
_ENERGIES = ("stat_energy_from", "stat_energy_to")


@dataclass(frozen=True)
class _Words:
    """What the pages of Home Assistant and of the dashboard say in a language."""

    add: str
    submit: str
    before: str
    add_dashboard: str
    dashboard: str
    create: str
    sections: tuple[str, ...]


_WORDS = {
    "en": _Words(
        add="Add",
        submit="Submit",
        before="Previous",
        add_dashboard="Add dashboard",
        dashboard="Your meters",
        create="Create",
        sections=("Power now", "Phases", "Energy", "Water and gas", "Kubes", "Health"),
    ),
    "nl": _Words(
        add="Voeg toe",
        submit="Verzend",
        before="Vorige",
        add_dashboard="Voeg dashboard toe",
        dashboard="Je meters",
        create="Maak aan",
        sections=("Vermogen nu", "Fasen", "Energie", "Water en gas", "Kubes", "Toestand"),
    ),
}


@pytest.fixture
def verify_cleanup() -> None:
    """What runs on from one test to the next is meant to."""


@pytest.fixture(scope="module")
async def meter(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[None]:
    """A meter that is switched on."""
    enter_own_network()
    switched_on = NetworkedMeter(tmp_path_factory.mktemp("meter"))
    await switched_on.switch_on(METER)
    yield
    await switched_on.switch_off()


@pytest.fixture
async def home(meter: None, tmp_path: Path) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant with nothing set up, without the integration."""
    empty = HomeAssistant(tmp_path, component=None, passwordless=True, extra="zeroconf:")
    async with empty as running:
        yield running
        assert errors_in(running.log) == []


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A Chromium, closed again after the test."""
    async with chromium() as running:
        yield running


def texts_of(language: str) -> dict[str, Any]:
    """The texts of the integration."""
    texts: dict[str, Any] = json.loads(
        (COMPONENT / "translations" / f"{language}.json").read_text("utf-8")
    )
    return texts


@pytest.mark.parametrize(
    ("language", "size"),
    [("en", _DESKTOP), ("nl", _PHONE)],
    ids=["English, desktop", "Dutch, phone"],
)
async def test_five_steps_lead_to_both_dashboards(
    home: HomeAssistant,
    browser: Browser,
    tmp_path: Path,
    *,
    language: str,
    size: tuple[int, int],
) -> None:
    words, texts = _WORDS[language], texts_of(language)
    await home.client.call("config/core/update", language=language)
    shutil.copytree(COMPONENT, home.config / "custom_components" / DOMAIN)
    await home.restart()

    async with pages(browser, home) as page:
        camera = Camera(page, tmp_path)
        await page.evaluate(
            "code => localStorage.setItem('selectedLanguage', JSON.stringify(code))", language
        )
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await add_what_is_discovered(page, words)
        await add_to_energy_dashboard(page, camera, texts, language, size)
        await pass_two_days(home)
        await page.locator(f"{DIALOG} a[href='/energy']").click()
        # The dashboard leads on to its first view.
        await expect(page).to_have_url(re.compile(rf"{re.escape(home.url)}/energy(/overview)?"))
        await add_dashboard(page, words)

        for width, height in (_DESKTOP, _PHONE):
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto("/energy")
            await page.get_by_role("button", name=words.before).click()
            await _is_drawn(page)
            await camera.take(f"energy-{language}-{width}", width, height)
            for use in ("grid", "solar"):
                name = texts["common"][f"energy_{use}"]
                await expect(page.get_by_text(name, exact=True).first).to_be_visible()
            await page.goto("/dashboard-flukso")
            await is_whole(page, *words.sections)
            await camera.take(f"dashboard-{language}-{width}", width, height)


async def add_what_is_discovered(page: Page, words: _Words) -> None:
    """Add the meter, which is a card among the integrations."""
    await page.goto("/config/integrations/dashboard")
    card = page.locator("ha-config-flow-card")
    await card.get_by_text(f"Fluksometer {DEVICE_ID[:6]}").wait_for()
    await card.get_by_role("button", name=words.add).click()
    await page.get_by_text("Fluksometer FLM03").wait_for()
    await page.get_by_role("button", name=words.submit).click()


async def add_to_energy_dashboard(
    page: Page, camera: Camera, texts: dict[str, Any], language: str, size: tuple[int, int]
) -> None:
    """Add what the form has ticked, which follows by itself, and read what was added."""
    step = texts["options"]["step"]["energy"]
    uses = ("grid", "solar", "gas", "water")
    await page.get_by_text(step["title"]).wait_for()
    for use in (*uses, "devices"):
        await page.get_by_text(step["data_description"][use]).wait_for()
    await expect(page.get_by_role("checkbox", checked=True)).to_have_count(len(uses))
    await camera.take(f"energy-step-{language}", *size)
    await page.get_by_role("button", name=step["submit"], exact=True).click()
    for use in uses:
        name = page.get_by_role("listitem").get_by_text(texts["common"][f"energy_{use}"])
        await expect(name).to_be_visible()
    await camera.take(f"energy-added-{language}", *size)


async def add_dashboard(page: Page, words: _Words) -> None:
    """Add the dashboard that the integration offers."""
    await page.goto("/config/lovelace/dashboards")
    await page.get_by_role("button", name=words.add_dashboard).click()
    await page.locator("dashboard-card").filter(has_text=words.dashboard).click()
    await page.get_by_role("button", name=words.create).click()
    await page.get_by_role("dialog").wait_for(state="hidden")


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
