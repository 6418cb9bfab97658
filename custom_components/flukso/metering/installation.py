"""Whether a clamp is installed as it should be, as far as its figures decide that."""

from dataclasses import dataclass
from enum import StrEnum
from math import atan2, degrees, hypot

#: Of less current (A) nothing is connected, and of less power (VA) the angle tells nothing.
_LEAST_CURRENT = 0.05
_LEAST_POWER = 50
#: EN 50160: what a supply's voltage may be off, a share of what it should be.
_TOLERANCE = 0.1
#: What flows back has an angle beyond this (°); a phase too far on adds or takes 120° or 60°.
_BACK = 150
_OTHER_PHASES = (60, 120)
_NEAR = 10
#: With more harmonics (a ratio) the power factor is low for their sake.
_DISTORTED = 0.3


class Trouble(StrEnum):
    """What can be found."""

    NOT_HEARD = "not_heard"
    NOTHING_CONNECTED = "nothing_connected"
    ABOVE_RATING = "above_rating"
    VOLTAGE_OUT_OF_RANGE = "voltage_out_of_range"
    REVERSED = "reversed"
    WRONG_PHASE = "wrong_phase"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a clamp measures (W, var, V, A, ratio), and what it is; None is not known.

    Active power is import less export, reactive power inductive less capacitive. ``angle`` is
    that between voltage and current (°) from elsewhere, where the powers don't tell it.
    """

    active: float | None = None
    reactive: float | None = None
    voltage: float | None = None
    current: float | None = None
    distortion: float | None = None
    angle: float | None = None
    rating: float | None = None
    nominal: float = 230.0
    may_export: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found, and the figures that it rests on."""

    trouble: Trouble
    figures: dict[str, float]


def judge(seen: Seen) -> list[Finding]:
    """All that is decided by the figures; most often nothing."""
    if seen.current is None and seen.active is None and seen.voltage is None:
        return [Finding(Trouble.NOT_HEARD, {})]
    found = [*_judge_voltage(seen)]
    if seen.current is not None and seen.current < _LEAST_CURRENT:
        return [*found, Finding(Trouble.NOTHING_CONNECTED, {"current": round(seen.current, 3)})]
    return [*found, *_judge_current(seen), *_judge_angle(seen)]


def _judge_voltage(seen: Seen) -> list[Finding]:
    lowest, highest = ((1 + sign * _TOLERANCE) * seen.nominal for sign in (-1, 1))
    if seen.voltage is None or lowest <= seen.voltage <= highest:
        return []
    figures = {"voltage": seen.voltage, "lowest": lowest, "highest": highest}
    return [Finding(Trouble.VOLTAGE_OUT_OF_RANGE, _rounded(figures))]


def _judge_current(seen: Seen) -> list[Finding]:
    if seen.current is None or not seen.rating or seen.current <= seen.rating:
        return []
    return [
        Finding(Trouble.ABOVE_RATING, _rounded({"current": seen.current, "rating": seen.rating}))
    ]


def _judge_angle(seen: Seen) -> list[Finding]:
    angle = _angle(seen)
    if angle is None:
        return []
    figures = {"angle": angle}
    if seen.active is not None and seen.reactive is not None:
        figures |= {"active_power": seen.active, "reactive_power": seen.reactive}
    if angle >= _BACK:
        return [] if seen.may_export else [Finding(Trouble.REVERSED, _rounded(figures))]
    if seen.distortion is None or seen.distortion > _DISTORTED:
        return []
    if all(abs(angle - other) > _NEAR for other in _OTHER_PHASES):
        return []
    figures["distortion"] = 100 * seen.distortion
    return [Finding(Trouble.WRONG_PHASE, _rounded(figures))]


def _angle(seen: Seen) -> float | None:
    """How far voltage and current are apart, from 0 to 180°."""
    if seen.active is None or seen.reactive is None:
        return None if seen.angle is None else abs(seen.angle)
    if hypot(seen.active, seen.reactive) < _LEAST_POWER:
        return None
    return abs(degrees(atan2(seen.reactive, seen.active)))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in figures.items()}
