"""Where Home Assistant has a frontend, that is told of the dashboard; elsewhere nothing happens."""

from http import HTTPStatus
import re
from typing import Any

from homeassistant.components import frontend
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .broker import Broker
from .home import set_up
from .meters import flm03
from .test_manifest import MANIFEST


async def test_the_page_of_home_assistant_loads_the_module_of_this_version(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    broker: Broker,
    hass_client: ClientSessionGenerator,
) -> None:
    done = ["user", "core_config", "analytics", "integration"]
    hass_storage["onboarding"] = {"version": 4, "data": {"done": done}}
    assert await async_setup_component(hass, "frontend", {})
    await set_up(hass, broker, flm03())
    client = await hass_client()

    page = await (await client.get("/")).text()
    [url] = re.findall(r'import\("(/flukso/.*?)"\)', page)
    module = await client.get(url)

    assert url == f"/flukso/dashboard.js?v={MANIFEST['version']}"
    assert module.status == HTTPStatus.OK
    assert module.content_type == "text/javascript"
    assert "max-age" in module.headers["Cache-Control"]
    assert "ll-strategy-dashboard-flukso" in await module.text()


async def test_it_loads_nothing_from_elsewhere(
    hass: HomeAssistant, broker: Broker, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "frontend", {})
    await set_up(hass, broker, flm03())
    client = await hass_client()

    [url] = hass.data[frontend.DATA_EXTRA_MODULE_URL].urls
    module = await (await client.get(url)).text()

    assert not re.search(r"https?://|\bimport\b|\bfetch\b|<script", module)


async def test_without_a_frontend_there_is_no_page_to_load_it(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, flm03())

    assert frontend.DATA_EXTRA_MODULE_URL not in hass.data
