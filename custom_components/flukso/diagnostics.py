"""Diagnostics: the state of a meter and its messages, without what identifies it.

They contain no secrets: the parser keeps only the settings in use of a config message, and only
the error of a broken one. Ids are shortened to six digits, and the address is removed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
import re

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.redact import async_redact_data
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .devices import part_of
from .entity_lookup import counter_name
from .history.import_file import Import
from .history.statistics_store import StoredRow
from .meter.channel import Channel
from .meter.clock import Clock
from .meter.counter_channel import CounterChannel
from .meter.message_stats import MessageStats
from .meter.meter import Meter
from .metering.rounding import rounded
from .models import FluksoConfigEntry, FluksoData
from .protocol.validation import Json
from .redaction import Redaction
from .transport.choice import transport_of
from .waveform.oscilloscope import Oscilloscope

#: The longest part of a broken payload (bytes). It is cut before a word, which may be an id.
_MAX_PAYLOAD = 80
_WORD_AT_END = re.compile(rb"\w+\Z")


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: FluksoConfigEntry
) -> dict[str, Json]:
    """Return the diagnostics of a meter with all of its channels."""
    return await _async_diagnostics(hass, entry)


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: FluksoConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Json]:
    """Return the same with the channels of one port or kube; the Fluksometer has all channels."""
    return await _async_diagnostics(hass, entry, device)


async def _async_diagnostics(
    hass: HomeAssistant, entry: FluksoConfigEntry, device: dr.AnyDeviceEntry | None = None
) -> dict[str, Json]:
    integration = await async_get_integration(hass, DOMAIN)
    is_loaded = entry.state is ConfigEntryState.LOADED
    transport = entry.runtime_data.transport if is_loaded else transport_of(hass, entry.data)
    data: dict[str, object] = {
        "versions": {"home_assistant": __version__, "integration": integration.version},
        "entry": {
            "state": entry.state.value,
            "data": async_redact_data(entry.data, {CONF_HOST}),
            "options": entry.options,
        },
        "connection": transport.connection_state.name.lower(),
    }
    redaction = Redaction(hass, entry)
    if not is_loaded:
        return _redacted(data, redaction)
    meter, now = entry.runtime_data.meter, dt_util.utcnow().timestamp()
    meter.catch_up()
    data |= {
        "meter": _meter(meter, now),
        "configuration": asdict(meter.configuration),
        "channels": [_channel(channel, now) for channel in _channels_of(meter, device)],
        "waveforms": [
            _oscilloscope(oscilloscope, now)
            for oscilloscope in entry.runtime_data.waveforms.oscilloscopes()
        ],
        "clock": _clock(meter.clock, now),
        "history": _history(hass, entry.runtime_data, now),
    }
    return await hass.async_add_executor_job(_redacted, data, redaction)


def _channels_of(meter: Meter, device: dr.AnyDeviceEntry | None) -> Iterable[Channel]:
    """Return the channels of a port or kube, or all for the Fluksometer."""
    channels = meter.channels.values()
    if device is None or (DOMAIN, meter.device_id) in device.identifiers:
        return channels
    return (
        channel
        for channel in channels
        if part_of(meter, channel.stream.sensor).identifier in device.identifiers
    )


def _meter(meter: Meter, now: float) -> dict[str, object]:
    return {
        "model": meter.configuration.model,
        "firmware": meter.self_test.firmware if meter.self_test else None,
        "online": meter.online,
        "reports": {
            report: {
                "age": _age(last.at, now),
                "retained": last.retained,
                "wrong": last.wrong,
            }
            for report, last in meter.message_log.reports.items()
        },
        "broken": {
            f"{what}: {wrong}": count for (what, wrong), count in meter.message_log.broken.items()
        },
    }


def _channel(channel: Channel, now: float) -> dict[str, object]:
    stream, stats = channel.stream, channel.stats
    data: dict[str, object] = {
        "sensor_id": stream.sensor.sensor_id,
        "topic": channel.topic,
        "source": stream.sensor.source,
        "quantity": stream.sensor.quantity,
        "unit": stream.unit,
        "interval": channel.interval,
        "listening": channel.listening,
        "available": channel.available,
        "value": channel.value,
        "last_message_age": _age(stats.arrived, now),
        "last_reading": _last_reading(stats, now),
        "messages": {
            "accepted": stats.accepted,
            "held": stats.held,
            "dropped": stats.dropped,
            "broken": stats.broken,
        },
        "last_broken": stats.last_broken,
    }
    if isinstance(channel, CounterChannel):
        state = channel.guard.state
        data["guard"] = {
            "offset": None if state is None else state.offset,
            "last_accepted": None if state is None else asdict(state.mark),
            "rid": stream.sensor.rid,
            "fastest": channel.guard.fastest,
        }
    return data


def _last_reading(stats: MessageStats, now: float) -> dict[str, object] | None:
    if stats.reading is None:
        return None
    return {**stats.reading._asdict(), "age": _age(stats.read_at, now)}


def _oscilloscope(oscilloscope: Oscilloscope, now: float) -> dict[str, object]:
    return {
        "port": oscilloscope.port,
        "listening": oscilloscope.listening,
        "available": oscilloscope.available,
        "last_capture_age": _age(oscilloscope.value, now),
    }


def _clock(clock: Clock, now: float) -> dict[str, object]:
    received_at, ahead = (None, None) if clock.last_offset is None else clock.last_offset
    return {
        "topic": clock.topic,
        "listening": clock.listening,
        "last_message_age": _age(received_at, now),
        "ahead": None if ahead is None else rounded(ahead, 1),
    }


def _history(hass: HomeAssistant, runtime: FluksoData, now: float) -> dict[str, object]:
    """Return what was filled and imported from the meter's memory, and what was not and why."""
    history, device_id = runtime.history, runtime.meter.device_id

    def names(sensors: Iterable[str]) -> list[str]:
        return [counter_name(hass, device_id, sensor) for sensor in sensors]

    return {
        "listening": history is not None,
        "filled_until": history.filled_until.value if history else None,
        "filled": [
            {
                "unique_id": fill.unique_id,
                "age": _age(fill.at, now),
                "begin": min(fill.hours),
                "hours": len(fill.hours),
                "amount": fill.amount,
                "unit": fill.change.unit,
                "replaced": fill.change.before,
            }
            for fill in runtime.fill_log.filled
        ],
        "refused": [
            {**asdict(refusal), "missing": names(refusal.missing)} for refusal in history.refusals
        ]
        if history
        else [],
        "imports": [_import(each, now, names) for each in runtime.import_log.imports],
    }


def _import(
    each: Import, now: float, names: Callable[[Iterable[str]], list[str]]
) -> dict[str, object]:
    """Return an import: what was imported, what the rows after it were lifted by, what is missing.

    Amounts are in the unit of the statistic.
    """
    return {
        "age": _age(each.at, now),
        "since": each.since,
        "running": each.is_running,
        "last_asked_age": _age(each.asked_at, now),
        "asks": each.asks,
        "imported": [
            {
                "unique_id": part.unique_id,
                "begin": part.put.begin,
                "end": part.put.end,
                "hours": part.put.hours,
                "amount": part.amount,
                "lift": part.put.lift,
                "unit": part.put.unit,
            }
            for part in each.imported.values()
        ],
        "not_imported": [
            {
                "unique_id": unique_id,
                "impossible": lacks.impossible,
                "missing": None
                if lacks.missing is None
                else {**asdict(lacks.missing), "sensors": names(lacks.missing.sensors)},
            }
            for unique_id, lacks in each.not_imported.items()
        ],
    }


def _excerpt(payload: bytes) -> str:
    """Return the part of a broken payload that diagnostics contain."""
    if len(payload) > _MAX_PAYLOAD:
        payload = _WORD_AT_END.sub(b"", payload[:_MAX_PAYLOAD]) + b"..."
    return payload.decode(errors="replace")


def _age(at: float | None, now: float) -> float | None:
    """Return how long ago a time was, in seconds."""
    return None if at is None else round(now - at, 1)


def _redacted(data: Mapping[str, object], redaction: Redaction) -> dict[str, Json]:
    """Return the data as redacted JSON; called in the executor, since it may be large."""

    def plain(value: object) -> Json:
        match value:
            case Mapping():
                return {redaction.text(str(key)): plain(item) for key, item in value.items()}
            case list() | tuple():
                return [plain(item) for item in value]
            case StoredRow():
                return plain(asdict(value))
            case bytes():
                return redaction.text(_excerpt(value))
            case None | bool() | int() | float():
                return value
        return redaction.text(str(value))

    return {key: plain(value) for key, value in data.items()}
