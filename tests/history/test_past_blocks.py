"""An import has each hour once, whatever becomes of the blocks on their way."""

from collections.abc import Callable, Sequence
import gzip
import json
from random import Random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_MISSING

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, Past, look, publish
from ..statistics import HOUR, leave_counter, table

METER, SLOT = flm03(), 1
PAST = Past(METER, SLOT)
SPAN = 1 << 16
#: Four blocks of 18 hours, the last of which has the first recorded hour.
BLOCKS = tuple(range(BEGIN, BEGIN + 4 * SPAN, SPAN))
FIRST = (BLOCKS[-1] + SPAN) // HOUR * HOUR - 2 * HOUR
OLDEST = BEGIN // HOUR * HOUR + HOUR


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record, after the last block."""
    freezer.move_to(dt_util.utc_from_timestamp(BLOCKS[-1] + SPAN + 60))


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter, with one hour recorded, and begin to import its past."""
    entry = await set_up(hass, broker, METER)
    state = PAST.told(FIRST + HOUR) / 1e6
    await leave_counter(hass, energy(hass), "kWh", [(FIRST, state, 0.1)])
    await begin(hass, entry)
    return entry


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Begin to import the past."""
    data = {"config_entry_id": entry.entry_id}
    await hass.services.async_call(DOMAIN, "import_history", data, blocking=True)


def energy(hass: HomeAssistant) -> str:
    """The statistic of the counter."""
    return entity_of(hass, METER, SLOT, "counter").entity_id


async def counted(hass: HomeAssistant) -> dict[int, float]:
    """What the Energy dashboard shows for each hour, in Wh."""
    found, before = {}, 0.0
    for hour, (_, total, *_rest) in (await table(hass, energy(hass))).items():
        found[hour] = (float(total or 0) - before) * 1000
        before = float(total or 0)
    return found


def true(begin: int, end: int) -> Any:
    """What was counted in a time, in Wh."""
    return pytest.approx((PAST.told(end) - PAST.told(begin)) / 1000, abs=0.01)


def small(bid: int) -> list[tuple[int, int]]:
    """The blocks of 68 minutes that a block of 18 hours was made of."""
    return [(12, begin) for begin in range(bid, bid + SPAN, 1 << 12)]


@pytest.mark.parametrize(
    "order",
    [
        lambda large: large[::-1],
        lambda large: [*large, *large],
        lambda large: [*small(BLOCKS[1]), *large, *small(BLOCKS[2])],
    ],
    ids=["backwards", "doubled", "with the smaller ones that they were made of"],
)
async def test_each_hour_is_imported_once_in_whatever_order_blocks_come(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    order: Callable[[Sequence[tuple[int, int]]], Sequence[tuple[int, int]]],
) -> None:
    await look(hass, broker, freezer, 60)
    for level, bid in order([(16, bid) for bid in BLOCKS]):
        await PAST.publish(broker, level, bid)
    await look(hass, broker, freezer, 600)

    hours = range(OLDEST, FIRST + HOUR, HOUR)
    assert await counted(hass) == {hour: true(hour, hour + HOUR) for hour in hours}


def with_more_values_than_times(bid: int) -> bytes:
    """A block as meters have sent them: 15 readings more than seconds, beyond the tail."""
    block = json.loads(gzip.decompress(PAST.payload(16, bid)))
    block["v"] += [1] * 15
    return gzip.compress(json.dumps(block).encode())


@pytest.mark.parametrize("payload", [None, with_more_values_than_times, lambda _: b"\x1f\x8b"])
async def test_a_block_that_is_missing_or_malformed_leaves_its_hours_out_and_is_told(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    payload: Callable[[int], bytes] | None,
) -> None:
    told = async_capture_events(hass, EVENT_HISTORY_MISSING)
    await look(hass, broker, freezer, 60)
    lost, next_one = BLOCKS[1], BLOCKS[2]
    for bid in Random(7).sample(BLOCKS, len(BLOCKS)):
        if bid != lost:
            await PAST.publish(broker, 16, bid)
        elif payload is not None:
            await publish(broker, PAST.topic(16, bid), payload(bid))
    await look(hass, broker, freezer, 600)

    found = await counted(hass)
    before, after = lost // HOUR * HOUR, next_one // HOUR * HOUR
    assert found.keys() == {*range(OLDEST, before, HOUR), *range(after, FIRST + HOUR, HOUR)}
    assert found.pop(after) == true(before, after + HOUR)
    assert found == {hour: true(hour, hour + HOUR) for hour in found}
    [event] = told
    assert event.data["entity_id"] == energy(hass)
    assert event.data["hours"] == (after - before) // HOUR
    assert len(event.data["sensors"]) == 1
    broken = entry.runtime_data.meter.message_log.broken
    assert bool(broken) is (payload is not None)


async def test_a_second_import_is_refused_and_the_first_one_goes_on(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    await look(hass, broker, freezer, 60)
    for bid in BLOCKS[:2]:
        await PAST.publish(broker, 16, bid)
    with pytest.raises(ServiceValidationError) as error:
        await begin(hass, entry)
    assert error.value.translation_key == "import_running"
    for bid in BLOCKS[2:]:
        await PAST.publish(broker, 16, bid)
    await look(hass, broker, freezer, 600)

    assert len(entry.runtime_data.import_log.imports) == 1
    hours = range(OLDEST, FIRST + HOUR, HOUR)
    assert await counted(hass) == {hour: true(hour, hour + HOUR) for hour in hours}
