"""Checks of the installation of a clamp, by what it measures.

What they find is a trouble; what keeps them from finding any, or from finding none, is a doubt.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import atan2, degrees, hypot

from .rounding import rounded

#: With less current (A) nothing is connected; with less power (VA) the angle means nothing.
_MIN_CURRENT = 0.05
_MIN_POWER = 50
#: Loads of less power (VA) can have the angle of another phase: an idle motor, mains filters in a
#: house at standby, an inverter at dawn.
_MIN_POWER_FOR_PHASE = 500
#: EN 50160: the tolerance of the supply voltage, as a ratio of the nominal voltage (V), which is
#: lower without a neutral (docs/protocol.md section 2).
_TOLERANCE = 0.1
_NOMINAL, _WITHOUT_NEUTRAL = 230, 133
#: Power flows back beyond this angle (°); a clamp on another phase has one of two angles, ±10°.
_REVERSED_ANGLE = 150
_IMPORT_ANGLE, _EXPORT_ANGLE = 60, 120
_ANGLE_TOLERANCE = 10
#: Below this angle (°) power flows in, and above it, up to that of reversed power, out.
_QUARTER_TURN = 90
#: With more harmonics (a ratio) they lower the power factor.
_MAX_DISTORTION = 0.3


class Trouble(StrEnum):
    """The problems that a check can find."""

    NO_READINGS = "not_heard"
    NOTHING_CONNECTED = "nothing_connected"
    ABOVE_RATING = "above_rating"
    VOLTAGE_OUT_OF_RANGE = "voltage_out_of_range"
    REVERSED = "reversed"
    WRONG_PHASE = "wrong_phase"


class Doubt(StrEnum):
    """Why a check can't tell the direction and phase of a clamp."""

    PORTS_UNKNOWN = "ports_unknown"
    NO_ANGLE = "no_angle"
    LITTLE_POWER = "little_power"
    MAY_BE_FED = "may_be_fed"
    SOURCE_TAKES_POWER = "source_takes_power"
    UNCLEAR_ANGLE = "unclear_angle"


@dataclass(frozen=True, slots=True)
class ClampFigures:
    """The measurements (W, var, V, A, ratio) and properties of a clamp; None is unknown.

    Active power is import less export, reactive power inductive less capacitive. ``angle`` (°)
    is between voltage and current, measured otherwise, for when the powers are unknown. Without
    a ``neutral`` loads are connected between phases. A ``source`` generates power, as solar
    panels do; through a clamp that may be ``fed``, power of other sources can flow back. Which
    ports there are may not be known (``ports_known``).
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
    ports_known: bool = True


@dataclass(frozen=True, slots=True)
class ClampFinding:
    """A problem, and the figures that it follows from."""

    trouble: Trouble
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class ClampDoubt:
    """A doubt, and the figures that it follows from."""

    doubt: Doubt
    figures: dict[str, float]


def doubt_clamp(clamp: ClampFigures) -> ClampDoubt | None:
    """Return why a clamp without findings may still be installed wrongly; None if it is not."""
    angle, power = _angle(clamp), _apparent(clamp)
    if not clamp.ports_known:
        return ClampDoubt(Doubt.PORTS_UNKNOWN, {})
    if angle is None or power is None:
        return ClampDoubt(Doubt.NO_ANGLE, {})
    doubt = _doubt_source(angle, power) if clamp.source else _doubt_load(clamp, angle, power)
    return None if doubt is None else ClampDoubt(doubt, _rounded({"angle": angle, "power": power}))


def _doubt_load(clamp: ClampFigures, angle: float, power: float) -> Doubt | None:
    if power < _MIN_POWER:
        return Doubt.LITTLE_POWER
    if clamp.fed:
        return Doubt.MAY_BE_FED
    if angle < _IMPORT_ANGLE - _ANGLE_TOLERANCE:
        return None
    if angle >= _REVERSED_ANGLE:  # by the waveform alone, or it would be a finding
        return Doubt.NO_ANGLE
    return Doubt.LITTLE_POWER if power < _MIN_POWER_FOR_PHASE else Doubt.UNCLEAR_ANGLE


def _doubt_source(angle: float, power: float) -> Doubt | None:
    """Return the doubt about a source, which can take power too, as a battery does."""
    if power < _MIN_POWER or (angle < _REVERSED_ANGLE and power < _MIN_POWER_FOR_PHASE):
        return Doubt.LITTLE_POWER
    if angle >= _REVERSED_ANGLE:
        return None
    return Doubt.SOURCE_TAKES_POWER if angle < _QUARTER_TURN else Doubt.UNCLEAR_ANGLE


def check_clamp(clamp: ClampFigures) -> list[ClampFinding]:
    """Return every problem that the figures prove; usually none."""
    if clamp.current is None and clamp.active is None and clamp.voltage is None:
        return [ClampFinding(Trouble.NO_READINGS, {})]
    findings = _check_voltage(clamp)
    if clamp.current is not None and clamp.current < _MIN_CURRENT:
        return [
            *findings,
            ClampFinding(Trouble.NOTHING_CONNECTED, {"current": round(clamp.current, 3)}),
        ]
    return [*findings, *_check_current(clamp), *_check_angle(clamp)]


def _check_voltage(clamp: ClampFigures) -> list[ClampFinding]:
    nominal = _NOMINAL if clamp.neutral else _WITHOUT_NEUTRAL
    lowest, highest = (1 - _TOLERANCE) * nominal, (1 + _TOLERANCE) * nominal
    if clamp.voltage is None or lowest <= clamp.voltage <= highest:
        return []
    figures = {"voltage": clamp.voltage, "lowest": lowest, "highest": highest}
    return [ClampFinding(Trouble.VOLTAGE_OUT_OF_RANGE, _rounded(figures))]


def _check_current(clamp: ClampFigures) -> list[ClampFinding]:
    if clamp.current is None or not clamp.rating or clamp.current <= clamp.rating:
        return []
    return [
        ClampFinding(
            Trouble.ABOVE_RATING, _rounded({"current": clamp.current, "rating": clamp.rating})
        )
    ]


def _check_angle(clamp: ClampFigures) -> list[ClampFinding]:
    angle, power = _angle(clamp), _apparent(clamp)
    if angle is None or power is None or power < _MIN_POWER:
        return []
    figures = {"angle": angle}
    if clamp.active is not None and clamp.reactive is not None:
        figures |= {"active_power": clamp.active, "reactive_power": clamp.reactive}
    if _is_reversed(clamp, angle):
        return [ClampFinding(Trouble.REVERSED, _rounded(figures))]
    if clamp.distortion is None or clamp.distortion > _MAX_DISTORTION:
        return []
    if not _is_of_another_phase(clamp, angle, power):
        return []
    figures["distortion"] = 100 * clamp.distortion
    return [ClampFinding(Trouble.WRONG_PHASE, _rounded(figures))]


def _is_reversed(clamp: ClampFigures, angle: float) -> bool:
    """Return whether power flows back; not by the waveform alone, which the meter may invert."""
    return angle >= _REVERSED_ANGLE and clamp.active is not None and not (clamp.source or clamp.fed)


def _is_of_another_phase(clamp: ClampFigures, angle: float, power: float) -> bool:
    """Return whether only a clamp on another phase has such an angle.

    A clamp that may be fed can have any angle, where import and generation nearly cancel out.
    Between two phases even a heater is at 30°, so that 60° proves nothing.
    """
    is_plain = clamp.neutral and not clamp.source and clamp.active is not None
    if clamp.fed:
        return False
    if abs(angle - _EXPORT_ANGLE) <= _ANGLE_TOLERANCE:
        return is_plain or power >= _MIN_POWER_FOR_PHASE
    return (
        abs(angle - _IMPORT_ANGLE) <= _ANGLE_TOLERANCE
        and clamp.neutral
        and power >= _MIN_POWER_FOR_PHASE
    )


def _angle(clamp: ClampFigures) -> float | None:
    """Return the angle between voltage and current, from 0 to 180°."""
    if clamp.active is None or clamp.reactive is None:
        return None if clamp.angle is None else abs(clamp.angle)
    return abs(degrees(atan2(clamp.reactive, clamp.active)))


def _apparent(clamp: ClampFigures) -> float | None:
    """Return the apparent power (VA)."""
    if clamp.active is not None and clamp.reactive is not None:
        return hypot(clamp.active, clamp.reactive)
    if clamp.voltage is None or clamp.current is None:
        return None
    return clamp.voltage * clamp.current


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: rounded(value, 1) for name, value in figures.items()}
