"""When the gauges of a stream are written that are written when they change."""

from ..metering.durations import DAY, MINUTE
from ..metering.on_change import ChangeRule
from ..protocol.quantities import Quantity, Unit
from ..protocol.sensors import Source, Stream

#: The largest change of a power that waits until the end of a minute: so much (W), or this share.
_POWER, _SHARE = 15.0, 0.03
#: By how much what is shown may be off in an hour (Ws): with either sign, that is less than 1 W.
_ENERGY = 1500.0
#: The voltage by which power becomes current (V).
_VOLTAGE = 230
#: A flow of so much (L/s) is seen at once; a tenth of a litre per minute is visible.
_FLOW, _VISIBLE_FLOW = 0.5 / MINUTE, 0.1 / MINUTE

_BY_UNIT = {
    Unit.WATT: ChangeRule(_POWER, 1, _SHARE, prompt=True, allowance=_ENERGY),
    Unit.AMPERE: ChangeRule(
        round(_POWER / _VOLTAGE, 2), 0.01, _SHARE, prompt=True, allowance=_ENERGY / _VOLTAGE
    ),
    Unit.VAR: ChangeRule(_POWER, 1, allowance=_ENERGY),
    Unit.VOLT: ChangeRule(0.5, 0.1, allowance=300),
    Unit.DEGREE: ChangeRule(1, 0.1),
    Unit.LITRE_PER_SECOND: ChangeRule(_FLOW, _VISIBLE_FLOW, _SHARE, prompt=True),
    Unit.LITRE_PER_DAY: ChangeRule(_FLOW * DAY, _VISIBLE_FLOW * DAY, _SHARE, prompt=True),
    Unit.GRAM_PER_SECOND: ChangeRule(0.05, 0.01, _SHARE, prompt=True),
    Unit.PER_SECOND: ChangeRule(0.005, 0.001, _SHARE, prompt=True),
}
#: Of power factors, distortions, and other ratios.
_RATIO = ChangeRule(0.01, 0.01, allowance=6)
#: What is visible of the slow quantities of kubes, and of what a serial port tells.
_VISIBLE = {
    Unit.CELSIUS: 0.1,
    Unit.PERCENT: 1.0,
    Unit.PASCAL: 10.0,
    Unit.HECTOPASCAL: 0.1,
    Unit.LUX: 1.0,
    Unit.VOLT: 0.1,
}
_LEAST_VISIBLE = 0.001


def change_rule(stream: Stream) -> ChangeRule:
    """Return the rule for the gauge of a stream, in its unit."""
    sensor, unit = stream.sensor, stream.unit
    if sensor.source is not Source.KUBE and unit in _BY_UNIT:
        return _BY_UNIT[unit]
    if sensor.source is Source.CLAMP or sensor.quantity is Quantity.TIME:
        return _RATIO
    visible = _VISIBLE.get(unit, _LEAST_VISIBLE)
    return ChangeRule(visible / 2, visible, prompt=True)
