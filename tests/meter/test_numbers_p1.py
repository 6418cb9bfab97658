"""The P1 port of an FLM02: its decoder checks no CRC, so a telegram may lack or garble a register.

Nothing that a household's connection can't carry is shown, however it arrives.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..clock import Writes
from ..home import entity_of, let_pass, set_up, state_of, value_of
from ..meters import flm02, reading
from ..restarts import restart

WATER, GAS, GRID = 4, 5, 6
METER = flm02().changed(WATER, GAS, **{"class": "cosem", "port": "ttyS0"})


@dataclass(frozen=True)
class Register:
    """A counter of the P1 port: its slot, unit, value, and what it counts in ten seconds."""

    slot: int
    unit: str
    start: int
    step: int
    unit_shown: int = 1000


REGISTERS = {
    "import": Register(GRID, "Wh", 14_199_192, 9),
    "export": Register(GRID, "Wh", -5_300_000, -9),
    "net": Register(GRID, "Wh", 2_100_000, -9),
    "gas": Register(GAS, "L", 5_686_921, 9),
    "water": Register(WATER, "L", 913_400, 9, 1),
}
#: What a telegram may have instead of the value.
FAULTS: dict[str, Callable[[int], int]] = {
    "register missing": lambda _value: 0,
    "one register of two missing": lambda value: value // 2,
    "a digit too high": lambda value: value + 3_000_000,
    "garbage": lambda _value: 494_567_000,
}


async def hear(
    broker: Broker, freezer: FrozenDateTimeFactory, register: Register, value: int
) -> None:
    """Let a telegram arrive ten seconds after the last."""
    freezer.tick(10)
    await broker.publish(METER.topic(register.slot, "counter"), reading(value, register.unit))


@pytest.mark.parametrize("before", ["telegram", "restart", "outage", "outage and restart"])
@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
async def test_a_broken_telegram_is_not_shown(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    register: Register,
    before: str,
) -> None:
    entry = await set_up(hass, broker, METER)
    value = register.start
    for _ in range(3):
        value += register.step
        await hear(broker, freezer, register, value)
    await let_pass(hass, broker, freezer, 30)
    shown = [value_of(hass, METER, register.slot, "counter")]
    writes = Writes(hass)

    for fault, telegrams in product(FAULTS.values(), (1, 2)):
        if "outage" in before:
            freezer.tick(3600)
            value += 100 * register.step
        if "restart" in before:
            await restart(hass, broker, entry)
        for _ in range(telegrams):
            value += register.step
            await hear(broker, freezer, register, fault(value))
            await let_pass(hass, broker, freezer, 30)
        for _ in range(2):
            value += register.step
            await hear(broker, freezer, register, value)
            await let_pass(hass, broker, freezer, 30)
        assert value_of(hass, METER, register.slot, "counter") == value / register.unit_shown

    entity_id = entity_of(hass, METER, register.slot, "counter").entity_id
    shown += [float(state) for state in writes.of(entity_id) if state.strip("-.0123456789") == ""]
    assert shown == sorted(shown, reverse=register.step < 0)
    assert not issues(hass)


@pytest.mark.parametrize("register", ["gas", "water"])
async def test_gas_and_water_never_run_backwards(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, register: str
) -> None:
    await set_up(hass, broker, METER)
    counter, shown = REGISTERS[register], []
    for value in (1000, 990, 1010, 3, 1020):
        await hear(broker, freezer, counter, value)
        await let_pass(hass, broker, freezer, 30)
        shown.append(value_of(hass, METER, counter.slot, "counter") * counter.unit_shown)

    assert shown == [1000, 1000, 1010, 1010, 1020]
    state = state_of(hass, METER, counter.slot, "counter")
    assert state.attributes["state_class"] == "total_increasing"
    assert not issues(hass)


@pytest.mark.parametrize("start", [14_199_192, -2_000_000])
async def test_an_exchanged_meter_is_a_break_that_books_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, start: int
) -> None:
    """The meter of the utility; its successor begins anew."""
    await set_up(hass, broker, METER)
    grid = REGISTERS["net"]
    for value in (start, 12, 40, 70):
        await hear(broker, freezer, grid, value)
    await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, METER, GRID, "counter") == (start + 70 - 12) / 1000
    [issue] = issues(hass)
    assert issue.translation_key == ("counter_began_anew" if start > 0 else "counter_break")
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["old"] == f"{start / 1000:,.3f}".removesuffix(".000")
    assert issue.translation_placeholders["new"] == "0.012"


async def test_an_exchanged_gas_meter_is_a_break_that_books_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    for value in (5_686_921, 3, 10, 20):
        await hear(broker, freezer, REGISTERS["gas"], value)
    await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, METER, GAS, "counter") == 5686.938
    assert [issue.translation_key for issue in issues(hass)] == ["counter_began_anew"]


@pytest.mark.parametrize("hours", [0, 1, 9])
async def test_a_net_counter_that_runs_backwards_is_no_break(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, hours: int
) -> None:
    """Solar panels of 20 kW, all day, or while Home Assistant did not hear of it."""
    await set_up(hass, broker, METER)
    value = 60_000
    await hear(broker, freezer, REGISTERS["net"], value)
    freezer.tick(3600 * hours)
    value -= 20_000 * hours
    for _ in range(30):
        value -= 55
        await hear(broker, freezer, REGISTERS["net"], value)
    await let_pass(hass, broker, freezer, 30)

    assert value_of(hass, METER, GRID, "counter") == value / 1000
    assert not issues(hass)


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return what the user is told."""
    return [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN]
