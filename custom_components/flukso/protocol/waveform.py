"""Waveforms: one cycle of the mains in 32 samples (docs/protocol.md section 6)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .clock import END_OF_TIME
from .validation import Json, ProtocolError, load

SAMPLES = 32

_WHAT = "waveform"
_MAX_BYTES = 1024
_MAX_BRACKETS = 3
_MILLI = 1000

#: Larger samples (V, A) are refused: the peaks of a clamp for 500 A are at 707 A.
_MAX_SAMPLE = {"mV": 1000, "mA": 2000}


@dataclass(frozen=True, slots=True)
class Waveform:
    """One cycle: its time by the meter's clock (s since 1970), and its samples in V or A."""

    time: float
    samples: tuple[float, ...]


def parse_waveform(payload: bytes, unit: str) -> Waveform:
    """Parse a waveform in ``unit``, "mV" or "mA".

    Raises:
        ProtocolError: another format or unit, not 32 whole numbers, or a sample that no clamp
            and no mains voltage can have.
    """
    items = load(payload, _WHAT, longest=_MAX_BYTES, brackets=_MAX_BRACKETS)
    if not isinstance(items, list) or len(items) != 3:
        raise ProtocolError(_WHAT, "not a list of time, samples and unit")
    if items[2] != unit:
        raise ProtocolError(_WHAT, f"not in {unit}", items[2])
    return Waveform(_time(items[0]), _samples(items[1], _MAX_SAMPLE[unit] * _MILLI))


def _time(stamp: Json) -> float:
    if isinstance(stamp, list) and [type(part) for part in stamp] == [int, int]:
        second, millis = stamp
        if TYPE_CHECKING:
            assert isinstance(second, int)
            assert isinstance(millis, int)
        if 0 <= second < END_OF_TIME and 0 <= millis < _MILLI:
            return second + millis / _MILLI
    raise ProtocolError(_WHAT, "time is not a second and millisecond", stamp)


def _samples(samples: Json, highest: int) -> tuple[float, ...]:
    if not isinstance(samples, list) or len(samples) != SAMPLES:
        raise ProtocolError(_WHAT, f"not {SAMPLES} samples")
    checked = []
    for sample in samples:
        if type(sample) is not int:
            raise ProtocolError(_WHAT, "a sample is not a whole number", sample)
        if not -highest <= sample <= highest:
            raise ProtocolError(_WHAT, "a sample is out of range", sample)
        checked.append(sample / _MILLI)
    return tuple(checked)
