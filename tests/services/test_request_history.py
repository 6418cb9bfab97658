"""Requesting the blocks of a meter's memory: what is published, how often, what is refused."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any
from unittest.mock import MagicMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import paho.mqtt.client as paho
import pytest

from custom_components.flukso.const import CONF_FILL_GAPS, DOMAIN
from simulator import Flm03, Message

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import Meter, flm03, kubes_alone

_NOW = datetime(2026, 5, 12, 10, 20, tzinfo=UTC)
_SINCE = "2026-05-10T08:00:00+00:00"


@pytest.fixture(autouse=True)
def _at_a_time(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(_NOW)


async def request(hass: HomeAssistant, entry_id: str, since: str = _SINCE) -> None:
    data = {"config_entry_id": entry_id, "since": since}
    await hass.services.async_call(DOMAIN, "request_history", data, blocking=True)


def published(client: MagicMock, meter: Meter) -> list[list[dict[str, Any]]]:
    """The lists that were sent to a meter."""
    topic = f"{meter.prefix}d/device/{meter.device_id}/tmpo/sync"
    calls = [call.args for call in client.publish.call_args_list if call.args[0] == topic]
    assert all((qos, retain) == (0, False) for _, _, qos, retain, *_ in calls)
    return [json.loads(payload) for _, payload, *_ in calls]


@pytest.mark.parametrize("prefix", ["/", "home/flukso/"])
async def test_what_the_meter_remembers_and_has_an_enabled_entity_is_requested(
    hass: HomeAssistant, broker: Broker, mqtt_client_mock: MagicMock, prefix: str
) -> None:
    meter = flm03()
    meter = Meter(meter.device_id, meter.sensors, meter.ports, meter.kubes, prefix)
    meter = meter.changed(1, rid=3).changed(3, 8, tmpo=0)
    entry = await set_up(hass, broker, meter)
    await broker.publish_all(meter.changed(9, tmpo=0).reports)
    disabled = entity_of(hass, meter, 2, "counter").entity_id
    er.async_get(hass).async_update_entity(disabled, disabled_by=er.RegistryEntryDisabler.USER)

    await request(hass, entry.entry_id)

    [wanted] = published(mqtt_client_mock, meter)
    counters = {*range(1, 7), *range(13, 19), *range(25, 31), 37, 38, 39} - {2, 3}
    # Of each clamp the voltage, current and power factor; of the kubes all but the error code.
    gauges = {7, *range(19, 22), *range(31, 34), *range(40, 45), 49, 50, 53}
    assert {item["sid"] for item in wanted} == {meter.sensor_id(slot) for slot in counters | gauges}
    assert {item["sid"]: item["rid"] for item in wanted}[meter.sensor_id(1)] == 3


@pytest.mark.parametrize("hours", [1, 20, 30])
async def test_the_meter_answers_with_every_block_since_then_and_no_other(
    hass: HomeAssistant, broker: Broker, mqtt_client_mock: MagicMock, hours: int
) -> None:
    entry = await set_up(hass, broker, meter := flm03())
    since = _NOW - timedelta(hours=hours)
    simulated = Flm03("5f" * 16, start=int(_NOW.timestamp()) - 2 * 86400, clamps=1, kubes=0)
    simulated.second(int(_NOW.timestamp()))

    await request(hass, entry.entry_id, since.isoformat())

    [[item, *_]] = published(mqtt_client_mock, meter)
    everything, answer = (
        [
            tuple(map(int, message.topic.split("/")[-3:-1]))
            for message in simulated.hear(
                Message(simulated.sync_topic, json.dumps([wanted]).encode())
            )
        ]
        for wanted in (
            {"sid": simulated.sensors[1].id, "rid": 0, "lvl": 0, "bid": 0},
            item | {"sid": simulated.sensors[1].id},
        )
    )
    assert 0 < len(answer) < len(everything)
    second = since.timestamp() // 256 * 256
    assert answer == [(level, bid) for level, bid in everything if bid + 2**level > second]


async def test_a_meter_is_asked_once_an_hour(
    hass: HomeAssistant,
    broker: Broker,
    mqtt_client_mock: MagicMock,
    freezer: FrozenDateTimeFactory,
) -> None:
    await hass.config.async_set_time_zone("Europe/Brussels")
    entry = await set_up(hass, broker, meter := flm03())
    other = await set_up(hass, broker, other_meter := flm03(0xF104))

    await request(hass, entry.entry_id)
    freezer.tick(59 * 60)
    with pytest.raises(ServiceValidationError) as refusal:
        await request(hass, entry.entry_id)
    await request(hass, other.entry_id)

    assert refusal.value.translation_key == "history_just_requested"
    assert refusal.value.translation_placeholders == {"again": "13:20"}
    freezer.tick(60)
    await request(hass, entry.entry_id)
    assert len(published(mqtt_client_mock, meter)) == 2
    assert len(published(mqtt_client_mock, other_meter)) == 1


async def test_a_meter_is_not_asked_again_because_it_was_reloaded(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())
    await request(hass, entry.entry_id)

    await hass.config_entries.async_reload(entry.entry_id)

    with pytest.raises(ServiceValidationError):
        await request(hass, entry.entry_id)


async def test_a_meter_that_was_removed_and_added_again_can_be_asked_at_once(
    hass: HomeAssistant, broker: Broker, mqtt_client_mock: MagicMock
) -> None:
    entry = await set_up(hass, broker, meter := flm03())
    await request(hass, entry.entry_id)

    await hass.config_entries.async_remove(entry.entry_id)
    entry = await set_up(hass, broker, meter)
    await request(hass, entry.entry_id)

    assert len(published(mqtt_client_mock, meter)) == 2


async def test_a_request_that_was_not_sent_does_not_count(
    hass: HomeAssistant, broker: Broker, mqtt_client_mock: MagicMock
) -> None:
    entry = await set_up(hass, broker, meter := flm03())
    publish = mqtt_client_mock.publish.side_effect
    mqtt_client_mock.publish.side_effect = [MagicMock(rc=paho.MQTT_ERR_NO_CONN)]
    with pytest.raises(HomeAssistantError):
        await request(hass, entry.entry_id)

    mqtt_client_mock.publish.side_effect = publish
    await request(hass, entry.entry_id)

    assert len(published(mqtt_client_mock, meter)) == 2


async def test_a_time_in_the_future_is_refused(hass: HomeAssistant, broker: Broker) -> None:
    entry = await set_up(hass, broker, flm03())

    with pytest.raises(ServiceValidationError) as refusal:
        await request(hass, entry.entry_id, _NOW.isoformat())

    assert refusal.value.translation_key == "history_not_yet_there"


async def test_a_meter_that_remembers_nothing_is_refused(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = kubes_alone()
    entry = await set_up(hass, broker, meter.changed(*range(40, 49), tmpo=0))

    with pytest.raises(ServiceValidationError) as refusal:
        await request(hass, entry.entry_id)

    assert refusal.value.translation_key == "no_counter_in_use"


async def test_nothing_is_requested_if_blocks_are_not_listened_to(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())
    hass.config_entries.async_update_entry(entry, options={CONF_FILL_GAPS: False})
    await hass.config_entries.async_reload(entry.entry_id)

    with pytest.raises(ServiceValidationError) as refusal:
        await request(hass, entry.entry_id)

    assert refusal.value.translation_key == "history_not_listened_to"


async def test_a_time_without_a_zone_is_in_home_assistant_s(
    hass: HomeAssistant, broker: Broker, mqtt_client_mock: MagicMock
) -> None:
    await hass.config.async_set_time_zone("Europe/Brussels")
    entry = await set_up(hass, broker, meter := flm03())

    await request(hass, entry.entry_id, "2026-05-10 10:00:00")

    [[item, *_]] = published(mqtt_client_mock, meter)
    since = datetime(2026, 5, 10, 8, tzinfo=UTC).timestamp()
    assert item["bid"] + 256 <= since < item["bid"] + 512


@pytest.mark.parametrize("since", ["0001-01-01 00:00:00", "1970-01-01T00:00:00+00:00"])
async def test_all_that_the_meter_has_can_be_requested(
    hass: HomeAssistant, broker: Broker, mqtt_client_mock: MagicMock, since: str
) -> None:
    entry = await set_up(hass, broker, meter := flm03())

    await request(hass, entry.entry_id, since)

    [[item, *_]] = published(mqtt_client_mock, meter)
    assert item["bid"] == 0
