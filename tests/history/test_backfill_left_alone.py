"""Uncertain or hostile data, or another counter's, is never filled into the statistics."""

from collections.abc import Callable
from datetime import timedelta
import gzip
import json
from random import Random
from typing import Any
from unittest.mock import patch
import zlib

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import CONF_FILL_GAPS
from custom_components.flukso.history.backfill import Backfill
from simulator import blocks

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, END, HOLE, LEVEL, NOW, Past, all_but, publish, shown
from ..statistics import HOUR, table

METER = flm03()
PPLUS = 1
PAST = Past(METER, PPLUS)
RESET = HOLE[10] + 1000


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(NOW)


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter."""
    return await set_up(hass, broker, METER)


@pytest.fixture
async def energy(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of a counter, with a gap."""
    entity_id = entity_of(hass, METER, PPLUS, "counter").entity_id
    await PAST.leave(hass, entity_id, all_but(HOLE))
    return entity_id


def reasons(entry: MockConfigEntry) -> list[str]:
    """Why gaps were not filled."""
    history = entry.runtime_data.history
    assert isinstance(history, Backfill)
    return [refusal.reason for refusal in history.refusals]


def made_of(told: Callable[[float], int], **config: Any) -> bytes:
    """A well-formed block of level 20."""
    past = Past(METER, PPLUS, told=told)
    cfg = {"id": METER.sensor_id(PPLUS), "data_type": "counter", "rid": 0} | config
    return blocks.of_readings(LEVEL, past.readings(BEGIN, END)).payload(cfg, Random(1))


def bomb() -> bytes:
    """A hundred megabytes of zeros in a hundred kilobytes."""
    return gzip.compress(b'{"h":{},"t":[' + b"0," * 50_000_000 + b"0]", compresslevel=1)


@pytest.mark.parametrize(
    "payload",
    [
        lambda: PAST.payload(LEVEL, BEGIN)[:-100],
        lambda: PAST.payload(LEVEL, BEGIN) * 2,
        bomb,
        lambda: b"",
        lambda: gzip.compress(json.dumps({"h": {}, "t": [0], "v": [0]}).encode()),
        lambda: zlib.compress(b"[]"),
        lambda: made_of(shown, data_type="gauge"),
        lambda: made_of(shown, unit="L"),
        lambda: made_of(shown, id="f" * 32),
    ],
    ids=[
        *("truncated", "doubled", "a bomb", "empty", "nothing in it", "not gzip"),
        *("a gauge's", "in another unit", "another sensor's"),
    ],
)
async def test_a_block_that_can_t_be_read_fills_nothing_and_is_counted_as_broken(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    energy: str,
    payload: Callable[[], bytes],
) -> None:
    before, broken = await table(hass, energy), entry.runtime_data.meter.message_log.broken

    await publish(broker, PAST.topic(LEVEL, BEGIN), payload())

    assert await table(hass, energy) == before
    assert list(broken.values()) == [1]
    await PAST.publish(broker, LEVEL, BEGIN)
    assert len(await table(hass, energy)) == len(before) + len(HOLE)


@pytest.mark.parametrize(
    "topic",
    [
        PAST.topic(LEVEL, BEGIN + 1),
        PAST.topic(LEVEL, BEGIN + (1 << LEVEL)),
        PAST.topic(LEVEL, BEGIN, rid=1),
        PAST.topic(8, BEGIN),
    ],
    ids=["off", "from the future", "another use of the sensor id", "a level nobody listens to"],
)
async def test_a_block_is_checked_by_its_topic_before_it_is_decoded(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str, topic: str
) -> None:
    before = await table(hass, energy)

    await publish(broker, topic, PAST.payload(LEVEL, BEGIN))

    assert await table(hass, energy) == before


async def test_a_block_with_more_than_was_recorded_fills_nothing(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before = await table(hass, energy)

    await publish(
        broker, PAST.topic(LEVEL, BEGIN), made_of(lambda time: 2 * shown(time) - shown(BEGIN))
    )

    assert await table(hass, energy) == before
    assert set(reasons(entry)) == {"begin_unsure"}


async def test_a_block_that_is_off_by_what_is_counted_in_some_minutes_fills_nothing(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before = await table(hass, energy)

    await publish(broker, PAST.topic(LEVEL, BEGIN), made_of(lambda time: shown(time) + 20_000))

    assert await table(hass, energy) == before
    assert set(reasons(entry)) == {"begin_unsure"}


async def test_a_block_that_is_off_by_less_changes_no_hour_that_was_recorded(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    energy = entity_of(hass, METER, PPLUS, "counter").entity_id
    await PAST.leave(hass, energy, all_but(()))
    before = await table(hass, energy)

    await publish(broker, PAST.topic(LEVEL, BEGIN), made_of(lambda time: shown(time) + 10_000))

    assert await table(hass, energy) == before
    assert set(reasons(entry)) <= {"close", "begin_unsure", "end_unsure"}


async def test_a_block_with_more_from_within_the_hole_on_fills_nothing(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before = await table(hass, energy)

    await publish(
        broker,
        PAST.topic(LEVEL, BEGIN),
        made_of(lambda time: shown(time) if time < HOLE[5] else shown(time) + 100_000),
    )

    assert await table(hass, energy) == before
    assert set(reasons(entry)) == {"end_unsure"}


async def test_a_hole_in_which_the_counter_restarted_is_left_alone(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before = await table(hass, energy)

    def reset(time: float) -> int:
        return shown(time) if time < RESET else shown(time) - shown(RESET)

    await publish(broker, PAST.topic(LEVEL, BEGIN), made_of(reset))

    assert await table(hass, energy) == before
    assert "begin_unsure" in reasons(entry)


async def test_a_hole_after_the_counter_restarted_is_filled_on_top_of_the_state_before(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    """The guard counts nothing at a break: the state continues from the one before."""
    energy = entity_of(hass, METER, PPLUS, "counter").entity_id
    began = HOLE[0] - 5 * HOUR
    channel = entry.runtime_data.meter.channels[METER.sensor_id(PPLUS), "counter"]
    channel.guard.book(shown(began) / 1000)
    await PAST.leave(hass, energy, all_but(HOLE))

    def reset(time: float) -> int:
        return shown(time) if time < began else shown(time) - shown(began)

    await publish(broker, PAST.topic(LEVEL, BEGIN), made_of(reset))

    after = await table(hass, energy)
    for hour, (state, total) in PAST.rows(HOLE).items():
        assert after[hour][:2] == pytest.approx((state / 1000, total / 1000))


async def test_a_sum_that_the_user_adjusted_in_the_hole_is_left_alone(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    energy = entity_of(hass, METER, PPLUS, "counter").entity_id
    await PAST.leave(hass, energy, [hour for hour in all_but(()) if hour < HOLE[0]])
    adjusted = [hour for hour in all_but(()) if hour > HOLE[-1]]
    first = shown(adjusted[0]) / 1000

    class Adjusted(Past):
        def rows(self, hours: Any) -> dict[int, tuple[float, float]]:
            return {
                hour: (state, state - first) for hour, (state, _) in super().rows(hours).items()
            }

    await Adjusted(METER, PPLUS).leave(hass, energy, adjusted)
    before = await table(hass, energy)

    await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == before
    assert reasons(entry) == ["sums_differ"]


async def test_while_the_meter_s_clock_is_off_nothing_is_filled(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before, sensor_id = await table(hass, energy), METER.sensor_id(PPLUS)
    late = int((NOW - timedelta(minutes=10)).timestamp())
    await broker.publish(f"/sensor/{sensor_id}/counter", f'[{late}, 5146840.100, "Wh"]')

    await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == before
    assert reasons(entry) == ["clock_off"]


async def test_rows_that_were_changed_meanwhile_are_left_alone(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before = await table(hass, energy)

    with patch("custom_components.flukso.history.fill_log.async_apply", return_value=False):
        await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == before
    assert reasons(entry) == ["not_written"]
    assert entry.runtime_data.fill_log.filled == []


async def test_a_statistic_that_is_gone_is_not_created_again(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    energy = entity_of(hass, METER, PPLUS, "counter").entity_id

    await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == {}
    assert reasons(entry) == []


def of_memory(broker: Broker) -> set[str]:
    """The topics of blocks that are subscribed to."""
    return {topic for topic in broker.topics if "tmpo" in topic}


async def test_only_the_larger_blocks_of_counters_and_logged_gauges_in_use_are_subscribed_to(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    enabled = {
        tuple(entity.unique_id.split("_")[1:])
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if entity.domain == "sensor" and not entity.disabled
    }
    logged = {
        settings["id"]
        for settings in METER.sensors.values()
        if (settings["id"], settings.get("data_type")) in enabled and settings["type"] != "error"
    }
    assert METER.sensor_id(PPLUS) in logged
    assert of_memory(broker) == {
        f"/sensor/{sensor_id}/tmpo/+/{level}/+/gz" for sensor_id in logged for level in (12, 16, 20)
    }


async def test_a_disabled_counter_is_neither_listened_to_nor_filled(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    before = await table(hass, energy)
    er.async_get(hass).async_update_entity(energy, disabled_by=er.RegistryEntryDisabler.USER)
    await broker.settle_all()

    await PAST.publish(broker, LEVEL, BEGIN)

    assert await table(hass, energy) == before
    assert not any(METER.sensor_id(PPLUS) in topic for topic in of_memory(broker))


async def test_without_the_option_nothing_is_subscribed_to(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, options={CONF_FILL_GAPS: False})
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert of_memory(broker) == set()


async def test_after_unloading_nothing_is_subscribed_to(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    await broker.settle()

    assert of_memory(broker) == set()


async def test_blocks_of_another_revision_of_the_sensor_id_are_ignored(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, energy: str
) -> None:
    first = HOLE[0] >> 16 << 16
    await PAST.publish(broker, 16, first)
    before = await table(hass, energy)
    await broker.publish_all(METER.changed(PPLUS, rid=1).reports)

    for bid in range(first + (1 << 16), HOLE[-1] + 2 * HOUR, 1 << 16):
        await publish(broker, PAST.topic(16, bid, rid=1), PAST.payload(16, bid))

    assert await table(hass, energy) == before
