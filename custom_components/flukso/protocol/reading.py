"""A reading: ``[<seconds>, <value>, "<unit>"]`` on the gauge or counter topic of a sensor."""

from math import nan, trunc
from typing import NamedTuple

from .clock import END_OF_TIME
from .quantities import Unit
from .sensors import Stream
from .validation import Json, ProtocolError, load

MAX_BYTES = 128
_HALF_TURN = 180


class Reading(NamedTuple):
    """A value and its time in seconds since 1970 by the meter's clock."""

    time: int
    value: float
    unit: Unit


def parse_reading(payload: bytes, stream: Stream) -> Reading:
    """Parse a message of a stream (docs/protocol.md section 2).

    A reading without a unit gets that of the stream. Negative clamp gauges are corrected.

    Raises:
        ProtocolError: the message has another format, a unit that no firmware sends, or a
            number out of the meter's range.
    """
    what = stream.kind
    items = load(payload, what, longest=MAX_BYTES, brackets=1)
    if not isinstance(items, list) or not 2 <= len(items) <= 3:
        raise ProtocolError(what, "not a list of time, value and unit")
    time, value = items[0], items[1]
    unit = items[2] if len(items) == 3 else stream.unit
    if type(time) is not int or not 0 <= time < END_OF_TIME:
        raise ProtocolError(what, "time is not in whole seconds since 1970", time)
    if type(value) is not int and type(value) is not float:
        raise ProtocolError(what, "value is not a number", value)
    meant = meant_value(value, stream)
    if meant is None:
        raise ProtocolError(what, "value is out of the meter's range", value)
    known = stream.unit if unit == stream.unit else _known_unit(what, unit)
    return Reading(time, meant, known)


def meant_value(number: float, stream: Stream) -> float | None:
    """Return the value that a number of a stream means, in a message or a block.

    Negative clamp gauges are corrected, and an angle is turned to the voltage of its own phase.
    None if it is out of the meter's range.
    """
    if stream.misprinted and stream.lowest - 1 < number <= -1:
        number = _corrected(number)
    if not stream.lowest <= number <= stream.highest:
        return None
    if stream.voltage_angle and abs(number) <= _HALF_TURN:
        number = _turned(number, stream.voltage_angle)
    return number or abs(number)  # -0.0 becomes 0.0


def unchecked_value(payload: bytes) -> float:
    """Return the value of a message that is not checked yet; not a number if there is none."""
    if len(payload) > MAX_BYTES:
        return nan
    try:
        return float(payload.split(b",", 2)[1])
    except IndexError, ValueError:
        return nan


def _corrected(value: float) -> float:
    """Correct a misprinted negative gauge: −0.5 is sent as −1.500 (section 9, quirk 3).

    The firmware prints the floor before the decimal point and the distance from it after.
    """
    whole = trunc(value)
    return round(whole + (whole - value), 3)


def _turned(angle: float, voltage_angle: int) -> float:
    """Return an angle against a voltage that leads by ``voltage_angle``, from -180 to 180°."""
    return round((angle - voltage_angle + _HALF_TURN) % (2 * _HALF_TURN) - _HALF_TURN, 3)


def _known_unit(what: str, unit: Json) -> Unit:
    if not isinstance(unit, str) or unit not in Unit:
        raise ProtocolError(what, "unit is unknown", unit)
    return Unit(unit)
