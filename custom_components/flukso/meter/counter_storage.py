"""What Home Assistant keeps of counters over a restart, and how it is read again."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, override

from homeassistant.helpers.restore_state import ExtraStoredData
import voluptuous as vol

from ..metering.counter_guard import CounterReading, CounterState
from ..protocol.quantities import Unit

#: No number of a counter or a clock comes near this, and a float still counts up to it by ones.
_MOST = 2**53

NUMBER = vol.All(vol.Any(int, float), vol.Range(-_MOST, _MOST))
SECOND = vol.All(int, vol.Range(0, 2**32))


def dataclass_schema[Record](
    kind: Callable[..., Record], **layout: object
) -> Callable[[object], Record]:
    """Check a JSON object, and make of it what it was before ``dataclasses.asdict``."""
    required = {vol.Required(name): check for name, check in layout.items()}
    return vol.All(required, lambda found: kind(**found))


COUNTER = dataclass_schema(
    CounterState,
    mark=dataclass_schema(CounterReading, time=SECOND, value=NUMBER, at=NUMBER),
    offset=NUMBER,
    rid=int,
)
_COUNTER = vol.Schema(COUNTER, extra=vol.REMOVE_EXTRA)


@dataclass(frozen=True, slots=True)
class StoredCounter(ExtraStoredData):
    """A counter among the extra data of an entity, as JSON."""

    state: CounterState
    unit: Unit

    @override
    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self.state), "unit": self.unit}


def counter_from(stored: ExtraStoredData | None, unit: Unit) -> CounterState | None:
    """The state of a counter in that unit, or None for what is of another shape or unit."""
    return read_extra(_COUNTER, stored, unit)


def read_extra[State](
    read: Callable[[object], State], stored: ExtraStoredData | None, unit: Unit
) -> State | None:
    """What ``read`` makes of the extra data of an entity, None if it raises ``vol.Invalid``."""
    kept = stored.as_dict() if stored else {}
    try:
        return read(kept) if kept.get("unit") == unit else None
    except vol.Invalid:
        return None
