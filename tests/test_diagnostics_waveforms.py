"""What the diagnostics tell of waveforms and of the clock."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .broker import Broker
from .home import set_up
from .mains import clock, enable, flx_topic, show_cycle
from .meters import flm03

METER = flm03()


async def test_what_is_listened_to_and_when_it_came_is_told_and_no_id(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = await set_up(hass, broker, METER)
    silent = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert isinstance(silent["clock"], dict)
    assert silent["clock"]["listening"] is False
    assert silent["clock"]["ahead"] is None

    await enable(hass, broker, entry, "port_2_waveform", "clock_offset")
    await show_cycle(broker, METER, 2)
    await broker.publish(flx_topic(METER, "time"), clock(ahead=7))
    freezer.tick(4)
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    idle = {"listening": False, "available": True, "last_capture_age": None}
    assert told["waveforms"] == [
        {"port": 1, **idle},
        {"port": 2, "listening": True, "available": True, "last_capture_age": 4.0},
        {"port": 3, **idle},
    ]
    heard = {"listening": True, "last_message_age": 4.0, "ahead": 7.0}
    assert told["clock"] == {"topic": "/device/f10300…/flx/time", **heard}
