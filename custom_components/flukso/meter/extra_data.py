"""A state as extra data of an entity, restored after a restart, and schemas to check it with."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, override

from homeassistant.helpers.restore_state import ExtraStoredData
import voluptuous as vol

from ..protocol.quantities import Unit

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: Far above any counter or clock; up to here a float represents every integer.
_MAX_NUMBER = 2**53

NUMBER = vol.All(vol.Any(int, float), vol.Range(-_MAX_NUMBER, _MAX_NUMBER))
SECOND = vol.All(int, vol.Range(0, 2**32))


def dataclass_schema[Record](
    kind: Callable[..., Record], *, optional: Mapping[str, object] | None = None, **layout: object
) -> Callable[[object], Record]:
    """Return a schema that validates the JSON of ``dataclasses.asdict`` and restores the object.

    ``optional`` is the layout of fields with a default.
    """
    fields: dict[vol.Marker, object] = {vol.Required(name): check for name, check in layout.items()}
    fields |= {vol.Optional(name): check for name, check in (optional or {}).items()}
    return vol.All(fields, lambda values: kind(**values))


@dataclass(frozen=True, slots=True)
class StoredState(ExtraStoredData):
    """A state, with the unit that its values are in, as extra data of an entity."""

    state: DataclassInstance
    unit: Unit

    @override
    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON."""
        return {**asdict(self.state), "unit": self.unit}


def read_extra[State](
    read: Callable[[object], State], stored: ExtraStoredData | None, unit: Unit
) -> State | None:
    """Return extra data converted by ``read``; None if it is invalid or in another unit.

    ``read`` raises ``vol.Invalid`` for data of another layout.
    """
    data = stored.as_dict() if stored else {}
    try:
        return read(data) if data.get("unit") == unit else None
    except vol.Invalid:
        return None
