"""Waveforms: one cycle of the mains in 32 samples (docs/protocol.md section 6)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .clock import END_OF_TIME
from .validation import Json, ProtocolError, load

SAMPLES = 32

_WHAT = "waveform"
_LONGEST = 1024
_BRACKETS = 3
_MILLI = 1000

#: Samples beyond these (V, A) are none: a clamp for 500 A has its peaks at 707 A.
_HIGHEST = {"mV": 1000, "mA": 2000}


@dataclass(frozen=True, slots=True)
class Waveform:
    """One cycle: when it was by the meter's clock (s since 1970), and its samples in V or A."""

    time: float
    samples: tuple[float, ...]


def parse_waveform(payload: bytes, unit: str) -> Waveform:
    """Read a waveform in a unit of the wire, "mV" or "mA".

    Raises:
        ProtocolError: another shape or unit, not 32 whole numbers, or one that no clamp and no
            mains has.
    """
    items = load(payload, _WHAT, longest=_LONGEST, brackets=_BRACKETS)
    if not isinstance(items, list) or len(items) != 3:
        raise ProtocolError(_WHAT, "no list of time, samples and unit")
    if items[2] != unit:
        raise ProtocolError(_WHAT, f"not in {unit}", items[2])
    return Waveform(_time(items[0]), _samples(items[1], _HIGHEST[unit] * _MILLI))


def _time(stamp: Json) -> float:
    if isinstance(stamp, list) and [type(part) for part in stamp] == [int, int]:
        second, millis = stamp
        if TYPE_CHECKING:
            assert isinstance(second, int)
            assert isinstance(millis, int)
        if 0 <= second < END_OF_TIME and 0 <= millis < _MILLI:
            return second + millis / _MILLI
    raise ProtocolError(_WHAT, "its time is no second and millisecond", stamp)


def _samples(samples: Json, highest: int) -> tuple[float, ...]:
    if not isinstance(samples, list) or len(samples) != SAMPLES:
        raise ProtocolError(_WHAT, f"not {SAMPLES} samples")
    checked = []
    for sample in samples:
        if type(sample) is not int:
            raise ProtocolError(_WHAT, "a sample is no whole number", sample)
        if not -highest <= sample <= highest:
            raise ProtocolError(_WHAT, "a sample is beyond all mains", sample)
        checked.append(sample / _MILLI)
    return tuple(checked)
