"""State of a counter in the extra data of its entity, restored after a restart."""

from homeassistant.helpers.restore_state import ExtraStoredData
import voluptuous as vol

from ..metering.counter_guard import CounterReading, CounterState
from ..protocol.quantities import Unit
from .extra_data import NUMBER, SECOND, dataclass_schema, read_extra

COUNTER = dataclass_schema(
    CounterState,
    mark=dataclass_schema(CounterReading, time=SECOND, value=NUMBER, at=NUMBER),
    offset=NUMBER,
    rid=int,
)
_COUNTER = vol.Schema(COUNTER, extra=vol.REMOVE_EXTRA)


def counter_from(stored: ExtraStoredData | None, unit: Unit) -> CounterState | None:
    """Return the stored state of a counter; None if its layout or unit is another one."""
    return read_extra(_COUNTER, stored, unit)
