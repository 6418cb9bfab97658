"""A meter whose installation is checked, and what is found."""

import asyncio
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .meters import Meter, reading, three_clamps
from .timers import fire_due_timers

METER = three_clamps().with_port(1, name="grid").with_port(2, name="kitchen")
UNITS = {
    "pplus": "W",
    "pminus": "W",
    "q1": "VAR",
    "q2": "VAR",
    "q3": "VAR",
    "q4": "VAR",
    "vrms": "V",
    "irms": "A",
    "pf": "",
    "vthd": "",
    "ithd": "",
}
GAUGES = tuple(UNITS)
WELL = {"pplus": 1000, "vrms": 230, "irms": 4.4, "pf": 0.98, "vthd": 0.02, "ithd": 0.1}


def says(meter: Meter, port: int, **figures: float) -> dict[str, str]:
    """A second of a clamp that is well but for some figures."""
    values = dict.fromkeys(GAUGES, 0.0) | WELL | figures
    return {
        meter.topic(12 * (port - 1) + 1 + GAUGES.index(what), "gauge"): reading(value, unit)
        for (what, unit), value in zip(UNITS.items(), values.values(), strict=True)
    }


async def check(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    said: dict[str, str],
) -> dict[str, list[dict[str, Any]]]:
    """What is found, by the name of the port, while the meter says this every second."""
    answer = await answer_to_check(hass, broker, freezer, entry, said)
    return {clamp["name"]: clamp["findings"] for clamp in answer["clamps"]}


async def answer_to_check(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    said: dict[str, str],
) -> dict[str, Any]:
    """What the action returns, while the meter says this every second."""
    call = hass.services.async_call(
        DOMAIN,
        "check_installation",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    answered = hass.async_create_background_task(call, "check")
    await broker.settle()
    await say_for_a_check(hass, broker, freezer, said)
    answer: Any = await answered
    await broker.settle()
    return answer


async def say_for_a_check(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, said: dict[str, str]
) -> None:
    """Let the meter say this every second while a check lasts."""
    for _ in range(11):
        await broker.publish_all(said)
        freezer.tick(timedelta(seconds=1))
        fire_due_timers(hass)
        await asyncio.sleep(0)


def keys(findings: list[dict[str, Any]]) -> list[str]:
    """What was found."""
    return [each["finding"] for each in findings]
