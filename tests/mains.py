"""What a test's meter says of its mains cycle and of its clock."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import pi, radians, sin, sqrt
import time

from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from .broker import Broker
from .meters import Meter

SAMPLES = 32
MILLI = 1000


def flx_topic(meter: Meter, what: str) -> str:
    """Where a meter tells of its mains or its clock."""
    return f"{meter.prefix}device/{meter.device_id}/flx/{what}"


def wave_topics(broker: Broker) -> set[str]:
    """The topics of waveforms that are subscribed to."""
    return {topic.partition("/flx/")[2] for topic in broker.topics if "/flx/" in topic}


def cycle(
    rms: float, *, degrees: float = 0, harmonics: Mapping[int, float] | None = None
) -> list[int]:
    """One cycle in thousandths; harmonics are ratios of the fundamental, whose RMS this is."""
    shares = {1: 1.0} | dict(harmonics or {})
    turns = [2 * pi * sample / SAMPLES + radians(degrees) for sample in range(SAMPLES)]
    peak = MILLI * rms * sqrt(2)
    return [
        round(peak * sum(share * sin(order * turn) for order, share in shares.items()))
        for turn in turns
    ]


def clock(ahead: float = 0) -> str:
    """The time as a meter tells it, whose clock is so many seconds ahead."""
    now = time.time() + ahead
    second, rest = int(now), round(now % 1 * 1_000_000)
    return f"{{flm:{{time:[{second},{rest}],update:false}},flx:{{time:[{second},0],update:false}}}}"


def entity_id(hass: HomeAssistant, meter: Meter, what: str, port: int | None = None) -> str:
    """The entity of the meter, or of a port of it, that is what it says."""
    of_port = "" if port is None else f"_port_{port}"
    unique_id = f"{meter.device_id}{of_port}_{what}"
    registered = er.async_get(hass).entities.values()
    found = [each.entity_id for each in registered if each.unique_id == unique_id]
    assert len(found) == 1, unique_id
    return found[0]


def state(hass: HomeAssistant, meter: Meter, what: str, port: int | None = None) -> State:
    """The state of that entity."""
    found = hass.states.get(entity_id(hass, meter, what, port))
    assert found is not None
    return found


async def enable(
    hass: HomeAssistant, broker: Broker, entry: MockConfigEntry, *unique_ids: str
) -> None:
    """Enable entities whose unique ids end so, as a user does: Home Assistant reloads the meter."""
    registry = er.async_get(hass)
    for each in er.async_entries_for_config_entry(registry, entry.entry_id):
        if each.unique_id.endswith(unique_ids):
            registry.async_update_entity(each.entity_id, disabled_by=None)
    delay = timedelta(seconds=RELOAD_AFTER_UPDATE_DELAY + 1)
    async_fire_time_changed(hass, dt_util.utcnow() + delay)
    await broker.settle()


def waveform(samples: Sequence[object], unit: str, *, age: float = 0) -> str:
    """A cycle as it is on the wire, ``age`` seconds old."""
    second, milliseconds = divmod(round((time.time() - age) * MILLI), MILLI)
    return f'[[{second},{milliseconds}],[{",".join(map(str, samples))}],"{unit}"]'


async def show_cycle(
    broker: Broker, meter: Meter, *ports: int, volts: float = 230, amperes: float = 10
) -> None:
    """Let the meter publish the voltage, and the current of some ports, of this moment."""
    broker.send(flx_topic(meter, "voltage/1"), waveform(cycle(volts), "mV"))
    for port in ports:
        broker.send(flx_topic(meter, f"current/{port}"), waveform(cycle(amperes), "mA"))
    await broker.settle()
