"""A reading: ``[<seconds>, <value>, "<unit>"]`` on the gauge or counter topic of a sensor."""

from math import trunc
from typing import NamedTuple

from .clock import END_OF_TIME
from .quantities import Unit
from .sensors import Stream
from .validation import Json, ProtocolError, load

_LONGEST = 128


class Reading(NamedTuple):
    """What a sensor read at a second since 1970 by the meter's clock."""

    time: int
    value: float
    unit: Unit


def parse_reading(payload: bytes, stream: Stream) -> Reading:
    """Read a message of a stream (docs/protocol.md section 2).

    A reading without a unit has that of the stream. Negative clamp gauges are put right.

    Raises:
        ProtocolError: another shape, a unit that no firmware sends, or a number beyond what
            the meter can count or measure.
    """
    what = stream.kind
    items = load(payload, what, longest=_LONGEST, brackets=1)
    if not isinstance(items, list) or not 2 <= len(items) <= 3:
        raise ProtocolError(what, "no list of time, value and unit")
    time, value = items[:2]
    unit = items[2] if len(items) == 3 else stream.unit
    if type(time) is not int or not 0 <= time < END_OF_TIME:
        raise ProtocolError(what, "its time is no second since 1970", time)
    if type(value) is not int and type(value) is not float:
        raise ProtocolError(what, "its value is no number", value)
    if stream.misprinted and stream.lowest - 1 < value <= -1:
        value = _put_right(value)
    if not stream.lowest <= value <= stream.highest:
        raise ProtocolError(what, "its value is beyond the meter's range", value)
    known = stream.unit if unit == stream.unit else _known_unit(what, unit)
    return Reading(time, value, known)


def _put_right(value: float) -> float:
    """Undo the misprint of a negative gauge: −0.5 arrives as −1.500 (section 9, quirk 3).

    The firmware prints the floor before the point and the distance from it behind.
    """
    whole = trunc(value)
    return round(whole + (whole - value), 3)


def _known_unit(what: str, unit: Json) -> Unit:
    if not isinstance(unit, str) or unit not in Unit:
        raise ProtocolError(what, "its unit is unknown", unit)
    return Unit(unit)
