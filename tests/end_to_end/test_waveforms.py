"""Waveforms in a real Home Assistant: no subscription unwanted, and a picture in the browser."""

from collections.abc import AsyncGenerator
from functools import partial
from io import BytesIO
from pathlib import Path
import re
import sys

from PIL import Image, ImageStat
from playwright.async_api import Browser, Locator
import pytest

from stack import HomeAssistant, Mosquitto, Process, eventually

from .browser import Camera, pages

pytestmark = pytest.mark.long

_CHECKOUT = Path(__file__).parents[2]
#: What mosquitto writes down of a subscription, with its quality of service, and of its end.
_LOGGED = re.compile(
    r"^[0-9]+: \S+ (?P<begun>[0-2] )?/device/[0-9a-f]+/flx/(?P<topic>\S+)$", re.MULTILINE
)
#: What the user's profile keeps in the browser of a theme that was chosen there.
_CHOOSE_THEME = "dark => localStorage.selectedTheme = JSON.stringify({ theme: '', dark })"
_DRAWN = "img => img.complete && img.naturalWidth > 0"


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncGenerator[Mosquitto]:
    """A broker that writes down who subscribes to what."""
    lines = "log_type error\nlog_type subscribe\nlog_type unsubscribe"
    async with Mosquitto(tmp_path, extra=lines) as broker:
        yield broker


@pytest.fixture
async def meter(tmp_path: Path, mosquitto: Mosquitto) -> AsyncGenerator[Process]:
    """A meter with three clamps."""
    command = [sys.executable, "-m", "demo.meter", "127.0.0.1", str(mosquitto.port)]
    async with Process("meter", command, tmp_path / "meter.log", folder=_CHECKOUT) as playing:
        yield playing


def subscribed(broker: Mosquitto) -> set[str]:
    """The topics below flx/ that Home Assistant is subscribed to, by the broker's log."""
    topics = set()
    for logged in _LOGGED.finditer(broker.log.read_text()):
        (topics.add if logged["begun"] else topics.discard)(logged["topic"])
    return topics


async def is_left_alone(broker: Mosquitto) -> bool:
    """Whether no waveform is subscribed to."""
    return not subscribed(broker)


async def switch(home: HomeAssistant, entry_id: str, *what: str, on: bool) -> list[str]:
    """Enable or disable the entities of port 1 that are what it says; returns their ids."""
    ends = tuple(f"_port_1_{each}" for each in what)
    switched = [
        each["entity_id"]
        for each in await home.client.entities("flukso")
        if each["unique_id"].endswith(ends)
    ]
    for entity_id in switched:
        await home.client.update_entity(entity_id, disabled_by=None if on else "user")
    await home.client.reload_entry(entry_id)
    return switched


async def look(picture: Locator) -> Image.Image:
    """What is seen of a picture."""
    return Image.open(BytesIO(await picture.screenshot())).convert("RGB")


def brightness(seen: Image.Image) -> float:
    """How bright it is in the middle, from 0 to 255."""
    return ImageStat.Stat(seen.convert("L")).median[0]


def coloured(seen: Image.Image) -> int:
    """How many pixels have a colour, which axes, grid and ground have not."""
    return sum(seen.convert("HSV").getchannel("S").histogram()[96:])


async def test_waveforms_are_subscribed_to_and_shown_only_where_they_are_wanted(
    tmp_path: Path, home: HomeAssistant, mosquitto: Mosquitto, meter: Process, browser: Browser
) -> None:
    client = home.client
    [card] = await client.discovered("flukso")
    entry_id = (await client.confirm(card["flow_id"]))["entry_id"]

    async def live() -> bool:
        states = (await client.states()).values()
        return sum(each["state"].replace(".", "").isdigit() for each in states) > 40

    await eventually(live, "the readings")
    assert "/gauge" in mosquitto.log.read_text()
    assert "/flx/" not in mosquitto.log.read_text()

    [device] = [each for each in await client.devices(entry_id) if each["name"] == "L1"]
    captured = await client.act("flukso", "capture_waveform", device_id=device["id"])
    assert captured["port"] == 1
    assert 200 < captured["voltage"]["rms"] < 260
    assert len(captured["current"]["samples"]) == 32
    checked = await client.act("flukso", "check_installation", config_entry_id=entry_id)
    assert [each["name"] for each in checked["clamps"]] == ["L1", "L2", "L3"]
    await eventually(partial(is_left_alone, mosquitto), "the broker to be let alone")

    figures = ("crest_factor", "harmonic_3", "phase_shift")
    entities = await switch(home, entry_id, "waveform", *figures, on=True)
    [picture_id] = [each for each in entities if each.startswith("image.")]

    async def shown() -> bool:
        states = await client.states()
        unknown = ("unknown", "unavailable")
        return all(states.get(each, {}).get("state", "unknown") not in unknown for each in entities)

    await eventually(shown, "the waveform and its figures", 60)
    assert subscribed(mosquitto) == {"voltage/1", "current/1"}

    await client.call("lovelace/dashboards/create", url_path="wave-forms", title="Waveforms")
    cards = [
        {
            "type": "picture-entity",
            "entity": picture_id,
            "show_name": False,
            "show_state": False,
        },
        {"type": "entities", "entities": [each for each in entities if each != picture_id]},
    ]
    config = {"views": [{"title": "Waveforms", "cards": cards}]}
    await client.call("lovelace/config/save", url_path="wave-forms", config=config)
    async with pages(browser, home) as page:
        camera, seen = Camera(page, tmp_path), {}
        picture = page.locator("hui-picture-entity-card img")

        async def drawn() -> bool:
            return bool(await picture.evaluate(_DRAWN))

        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.goto("/wave-forms/0")
            await picture.wait_for()
            await eventually(drawn, "the picture")
            await camera.take(f"waveform-{scheme}")
            seen[scheme] = await look(picture)
            assert coloured(seen[scheme]) > 500
        assert brightness(seen["light"]) > 200
        assert brightness(seen["dark"]) < 80

        await page.set_viewport_size({"width": 390, "height": 844})
        for dark in (True, False):
            await page.emulate_media(color_scheme="light" if dark else "dark")
            await page.evaluate(_CHOOSE_THEME, dark)
            await page.goto("/wave-forms/0")
            await picture.wait_for()
            await eventually(drawn, "the picture")
            await camera.take(f"waveform-phone-{'dark' if dark else 'light'}")
            chosen = await look(picture)
            assert chosen.width > 340
            assert brightness(chosen) < 80 if dark else brightness(chosen) > 200

        before = await picture.get_attribute("src")

        async def renewed() -> bool:
            return await picture.get_attribute("src") != before

        await eventually(renewed, "a new picture", 30)

    await switch(home, entry_id, "waveform", *figures, on=False)
    await eventually(partial(is_left_alone, mosquitto), "the broker to be let alone")
