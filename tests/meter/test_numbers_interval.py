"""Intervals at which states are written, and the means in them."""

from collections.abc import Iterator
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.event import async_track_time_interval
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..broker import Broker
from ..clock import Writes, pass_time, play
from ..flows import open_settings
from ..home import entity_of, set_up, set_up_and_read, state_of, value_of
from ..meters import Meter, flm03, reading, three_clamps

#: Slots of the first clamp.
IMPORT, VOLTAGE, CURRENT = 1, 7, 8
WATER = 37
METER = three_clamps().changed(*range(1, 37), enable=0).changed(IMPORT, VOLTAGE, CURRENT, enable=1)


def clamp_readings(second: int) -> Iterator[tuple[str, str]]:
    """Readings of a clamp, each different from the one before."""
    yield METER.topic(IMPORT, "counter"), reading(1000 + second / 2, "Wh")
    yield METER.topic(IMPORT, "gauge"), reading(1000 + second, "W")
    yield METER.topic(VOLTAGE, "gauge"), reading(230 + second / 100, "V")
    yield METER.topic(CURRENT, "gauge"), reading(5 + second / 100, "A")


async def set_up_with(
    hass: HomeAssistant, broker: Broker, power: int, other: int
) -> MockConfigEntry:
    """Set up the meter, and set its intervals in the options flow."""
    entry = await set_up(hass, broker, METER)
    form = await open_settings(hass, entry)
    await hass.config_entries.options.async_configure(
        form["flow_id"], {"power_interval": power, "other_interval": other}
    )
    await broker.settle()
    return entry


def written(hass: HomeAssistant, writes: Writes) -> dict[str, int]:
    """How often each of the clamp's states was written."""
    return {
        name: len(writes.of(entity_of(hass, METER, slot, kind).entity_id))
        for name, slot, kind in (
            ("energy", IMPORT, "counter"),
            ("power", IMPORT, "gauge"),
            ("voltage", VOLTAGE, "gauge"),
            ("current", CURRENT, "gauge"),
        )
    }


async def test_power_can_be_written_every_5_seconds_and_everything_else_every_30(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, 5, 30)
    await play(hass, broker, freezer, 1, clamp_readings)
    writes = Writes(hass)

    await play(hass, broker, freezer, 120, lambda second: clamp_readings(second + 1))

    assert written(hass, writes) == {"energy": 4, "power": 24, "voltage": 4, "current": 24}


@pytest.mark.parametrize(
    ("intervals", "counts"),
    [
        ((0, 0), {"energy": 60, "power": 60, "voltage": 60, "current": 60}),
        ((0, 30), {"energy": 2, "power": 60, "voltage": 2, "current": 60}),
        ((10, 0), {"energy": 60, "power": 6, "voltage": 60, "current": 6}),
        ((6, 20), {"energy": 3, "power": 10, "voltage": 3, "current": 10}),
        ((3600, 3600), {"energy": 0, "power": 0, "voltage": 0, "current": 0}),
    ],
)
async def test_the_intervals_are_those_of_the_options(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    intervals: tuple[int, int],
    counts: dict[str, int],
) -> None:
    """They are applied by a reload of the config entry."""
    entry = await set_up_with(hass, broker, *intervals)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.state is CoreState.running
    await play(hass, broker, freezer, 1, clamp_readings)
    writes = Writes(hass)

    await play(hass, broker, freezer, 60, lambda second: clamp_readings(second + 1))

    assert written(hass, writes) == counts


async def test_with_an_interval_of_0_every_reading_is_shown_as_it_is(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, 0, 0)
    writes = Writes(hass)

    await play(hass, broker, freezer, 20, clamp_readings)

    power = writes.of(entity_of(hass, METER, IMPORT, "gauge").entity_id)
    assert [float(state) for state in power] == [1000 + second for second in range(20)]


async def test_with_an_interval_of_0_readings_in_one_burst_are_all_written_in_order(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """A meter sends all readings of a second in one burst."""
    await set_up_with(hass, broker, 0, 0)
    writes = Writes(hass)

    with patch("custom_components.flukso.transport.home_assistant.BURST", 0.1):
        for second in range(3):
            for topic, payload in clamp_readings(second):
                await broker.publish(topic, payload)
        assert writes.moments() == set()
        await pass_time(hass, freezer, 0.1, step=0.1)

    power = writes.of(entity_of(hass, METER, IMPORT, "gauge").entity_id)
    assert [float(state) for state in power] == [1000, 1001, 1002]
    assert written(hass, writes) == {"energy": 3, "power": 3, "voltage": 3, "current": 3}


async def test_the_integral_of_the_states_is_that_of_the_readings(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """A load that switches on and off within the interval, with every ninth second missing."""
    await set_up_with(hass, broker, 5, 30)
    watts, shown = [60.0], []
    for second in range(1, 300):
        is_on = 30 < second < 250 and second % 7 < 2
        watts.append((3000 if is_on else 60) if second % 9 else watts[-1])

    def speak_and_look(second: int) -> Iterator[tuple[str, str]]:
        if second > 0:
            shown.append(value_of(hass, METER, IMPORT, "gauge"))
        if second == 0 or second % 9:
            yield METER.topic(IMPORT, "gauge"), reading(watts[second], "W")

    await play(hass, broker, freezer, 300, speak_and_look)

    assert sum(shown) == pytest.approx(sum(watts[1:]), rel=0.001)


async def test_the_first_reading_after_a_start_is_written_at_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, METER)
    assert state_of(hass, METER, IMPORT, "gauge").state == STATE_UNKNOWN
    assert state_of(hass, METER, IMPORT, "counter").state == STATE_UNKNOWN

    await broker.publish_all(dict(clamp_readings(0)))

    assert value_of(hass, METER, IMPORT, "gauge") == 1000
    assert value_of(hass, METER, IMPORT, "counter") == 1
    assert value_of(hass, METER, VOLTAGE, "gauge") == 230


async def test_the_first_reading_after_an_outage_is_written_at_once_by_itself(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    await play(hass, broker, freezer, 8, clamp_readings)
    await pass_time(hass, freezer, 70, step=5)
    assert state_of(hass, METER, IMPORT, "gauge").state == STATE_UNAVAILABLE

    await broker.publish_all(dict(clamp_readings(500)))

    assert value_of(hass, METER, IMPORT, "gauge") == 1500
    assert value_of(hass, METER, IMPORT, "counter") == 1.25
    assert value_of(hass, METER, VOLTAGE, "gauge") == 235


async def test_the_first_reading_after_a_configuration_change_is_written_at_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    await set_up_and_read(hass, broker, meter)
    meter = meter.changed(WATER, type="gas")

    await broker.publish(*meter.sensor_report)
    await broker.publish(meter.topic(WATER, "gauge"), reading(0.5, "L/s"))
    await broker.publish(meter.topic(WATER, "counter"), reading(345_680, "L"))

    assert value_of(hass, meter, WATER, "gauge") == 30
    assert value_of(hass, meter, WATER, "counter") == 345.68


async def test_a_value_that_did_not_change_is_not_written_again(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)

    def steady(_second: int) -> Iterator[tuple[str, str]]:
        yield from clamp_readings(0)

    await play(hass, broker, freezer, 60, steady)
    writes = Writes(hass)
    await play(hass, broker, freezer, 120, steady)

    assert writes.moments() == set()


async def test_one_ticker_writes_all_that_is_due_together(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    ticker = "custom_components.flukso.meter.meter.async_track_time_interval"
    await set_up_with(hass, broker, 5, 30)
    [entry] = hass.config_entries.async_entries("flukso")
    with patch(ticker, wraps=async_track_time_interval) as started:
        await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()
    await play(hass, broker, freezer, 1, clamp_readings)
    writes = Writes(hass)

    await play(hass, broker, freezer, 60, lambda second: clamp_readings(second + 1))

    assert started.call_count == 1
    assert len(writes.moments()) == 12


async def test_availability_is_checked_however_long_the_intervals_are(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, 3600, 3600)
    await play(hass, broker, freezer, 1, clamp_readings)

    await pass_time(hass, freezer, 70, step=5)

    assert state_of(hass, METER, IMPORT, "gauge").state == STATE_UNAVAILABLE


async def test_readings_of_one_meter_do_not_affect_another(
    hass: HomeAssistant, broker: Broker
) -> None:
    other: Meter = three_clamps(0xC1A4)
    await set_up(hass, broker, METER)
    await set_up(hass, broker, other)

    await broker.publish_all(dict(clamp_readings(0)))

    assert value_of(hass, METER, IMPORT, "gauge") == 1000
    assert state_of(hass, other, IMPORT, "gauge").state == STATE_UNKNOWN
