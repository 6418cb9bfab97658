"""Whether a clamp is installed as it should be, as far as its figures decide that."""

from dataclasses import dataclass
from enum import StrEnum
from math import atan2, degrees, hypot

#: Of less current (A) nothing is connected, and of less power (VA) the angle tells nothing.
_LEAST_CURRENT = 0.05
_LEAST_POWER = 50
#: Less power (VA) may have the angle of another phase by itself: an idle motor, what filters the
#: mains in a house at standby, an inverter at dawn.
_PLENTY = 500
#: EN 50160: what a supply's voltage may be off, a share of what it should be; without a neutral
#: that is less (V, docs/protocol.md section 2).
_TOLERANCE = 0.1
_NOMINAL, _WITHOUT_NEUTRAL = 230, 133
#: What flows back has an angle beyond this (°); on another phase it is one of these, by ±10.
_BACK = 150
_IMPORTING, _EXPORTING = 60, 120
_NEAR = 10
#: With more harmonics (a ratio) the power factor is low for their sake.
_DISTORTED = 0.3


class Trouble(StrEnum):
    """What can be found."""

    NO_READINGS = "not_heard"
    NOTHING_CONNECTED = "nothing_connected"
    ABOVE_RATING = "above_rating"
    VOLTAGE_OUT_OF_RANGE = "voltage_out_of_range"
    REVERSED = "reversed"
    WRONG_PHASE = "wrong_phase"


@dataclass(frozen=True, slots=True)
class ClampFigures:
    """What a clamp measures (W, var, V, A, ratio), and what it is; None is not known.

    Active power is import less export, reactive power inductive less capacitive. ``angle`` is
    that between voltage and current (°) from elsewhere, where the powers don't tell it. Without
    a ``neutral`` loads lie between phases. A ``source`` gives power, as solar panels do, and
    through a clamp that may be ``fed`` what others give can flow back.
    """

    active: float | None = None
    reactive: float | None = None
    voltage: float | None = None
    current: float | None = None
    distortion: float | None = None
    angle: float | None = None
    rating: float | None = None
    neutral: bool = True
    source: bool = False
    fed: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found, and the figures that it rests on."""

    trouble: Trouble
    figures: dict[str, float]


def check_clamp(seen: ClampFigures) -> list[Finding]:
    """All that is decided by the figures; most often nothing."""
    if seen.current is None and seen.active is None and seen.voltage is None:
        return [Finding(Trouble.NO_READINGS, {})]
    found = _judge_voltage(seen)
    if seen.current is not None and seen.current < _LEAST_CURRENT:
        return [*found, Finding(Trouble.NOTHING_CONNECTED, {"current": round(seen.current, 3)})]
    return [*found, *_judge_current(seen), *_judge_angle(seen)]


def _judge_voltage(seen: ClampFigures) -> list[Finding]:
    nominal = _NOMINAL if seen.neutral else _WITHOUT_NEUTRAL
    lowest, highest = (1 - _TOLERANCE) * nominal, (1 + _TOLERANCE) * nominal
    if seen.voltage is None or lowest <= seen.voltage <= highest:
        return []
    figures = {"voltage": seen.voltage, "lowest": lowest, "highest": highest}
    return [Finding(Trouble.VOLTAGE_OUT_OF_RANGE, _rounded(figures))]


def _judge_current(seen: ClampFigures) -> list[Finding]:
    if seen.current is None or not seen.rating or seen.current <= seen.rating:
        return []
    return [
        Finding(Trouble.ABOVE_RATING, _rounded({"current": seen.current, "rating": seen.rating}))
    ]


def _judge_angle(seen: ClampFigures) -> list[Finding]:
    angle, power = _angle(seen), _apparent(seen)
    if angle is None or power < _LEAST_POWER:
        return []
    figures = {"angle": angle}
    if seen.active is not None and seen.reactive is not None:
        figures |= {"active_power": seen.active, "reactive_power": seen.reactive}
    if _is_reversed(seen, angle):
        return [Finding(Trouble.REVERSED, _rounded(figures))]
    if seen.distortion is None or seen.distortion > _DISTORTED:
        return []
    if not _is_of_another_phase(seen, angle, power):
        return []
    figures["distortion"] = 100 * seen.distortion
    return [Finding(Trouble.WRONG_PHASE, _rounded(figures))]


def _is_reversed(seen: ClampFigures, angle: float) -> bool:
    """Power flows back; that of the wave alone does not tell: the meter may turn it round."""
    return angle >= _BACK and seen.active is not None and not (seen.source or seen.fed)


def _is_of_another_phase(seen: ClampFigures, angle: float, power: float) -> bool:
    """Whether nothing but another phase has such an angle.

    What nearly cancels out with the power of others has any angle. Between phases lies even what
    heats at 30°, and nothing can be said of 60°.
    """
    is_plain = seen.neutral and not seen.source and seen.active is not None
    if seen.fed:
        return False
    if abs(angle - _EXPORTING) <= _NEAR:
        return is_plain or power >= _PLENTY
    return abs(angle - _IMPORTING) <= _NEAR and seen.neutral and power >= _PLENTY


def _angle(seen: ClampFigures) -> float | None:
    """How far voltage and current are apart, from 0 to 180°."""
    if seen.active is None or seen.reactive is None:
        return None if seen.angle is None else abs(seen.angle)
    return abs(degrees(atan2(seen.reactive, seen.active)))


def _apparent(seen: ClampFigures) -> float:
    """The apparent power (VA), as far as it is known."""
    if seen.active is None or seen.reactive is None:
        return (seen.voltage or 0) * (seen.current or 0)
    return hypot(seen.active, seen.reactive)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in figures.items()}
