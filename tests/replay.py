"""What `scripts/record` wrote, played to Home Assistant again as it came (docs/recording.md)."""

from datetime import timedelta
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN
from record import read

from .broker import Broker
from .timers import fire_due_timers

_CONFIG = "/config/sensor"


async def replay(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, recording: Path
) -> MockConfigEntry:
    """Set up the meter of a recording, and publish its messages on a clock that moves along.

    The clock should stand at the time of the recording, which the readings tell.
    """
    topics = (message.topic for message in read(recording))
    prefix, device_id = next(
        topic.removesuffix(_CONFIG).rsplit("device/", 1)
        for topic in topics
        if topic.endswith(_CONFIG)
    )
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Fluksometer",
        unique_id=device_id,
        data={"device_id": device_id, "topic_prefix": prefix},
        version=4,
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    begun = dt_util.utcnow()
    for message in read(recording):
        late = begun + timedelta(seconds=message.after) - dt_util.utcnow()
        if late >= timedelta(seconds=1):
            freezer.tick(late)
            fire_due_timers(hass)
            await broker.settle()
        payload = message.payload_at(begun.timestamp())
        broker.send(message.topic, payload, retain=message.retain)
    await broker.settle()
    return entry
