"""The last reading of a flow or an event in the extra data of its entity, restored on a reload."""

from dataclasses import dataclass

from homeassistant.helpers.restore_state import ExtraStoredData
import voluptuous as vol

from ..protocol.quantities import Unit
from .channel import Channel
from .extra_data import NUMBER, StoredState, dataclass_schema, read_extra

#: What was shown longer ago is not shown again (s): a flow may have begun meanwhile.
_MAX_AWAY = 600


@dataclass(frozen=True, slots=True)
class LastReading:
    """What a channel showed, of which reading (s since 1970), and until when."""

    value: float
    at: float
    until: float


_LAYOUT = vol.Schema(
    dataclass_schema(LastReading, value=NUMBER, at=NUMBER, until=NUMBER), extra=vol.REMOVE_EXTRA
)


def stored_reading(channel: Channel, now: float) -> StoredState | None:
    """Return what a channel shows now, to be stored; None while that is not known."""
    read_at = channel.stats.read_at
    if channel.value is None or read_at is None:
        return None
    return StoredState(LastReading(channel.value, read_at, now), channel.stream.unit)


def reading_from(stored: ExtraStoredData | None, unit: Unit, now: float) -> LastReading | None:
    """Return the stored reading; None if its layout or unit is another one, or it is too old."""
    last = read_extra(_LAYOUT, stored, unit)
    return last if last is not None and 0 <= now - last.until <= _MAX_AWAY else None
