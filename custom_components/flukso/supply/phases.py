"""Which ports of a meter are the phases of one supply."""

from collections.abc import Iterable

from ..protocol.configuration import Configuration
from ..protocol.sensors import Source

_THREE_PHASES = ("3p+n", "3p-n")
#: Sums that the firmware computes: the port that carries the sum, and the ports that are summed
#: (docs/protocol.md section 5).
_SUMS = {"p1+p2+p3": (1, {1, 2, 3}), "p2+p1": (2, {1, 2})}


def clamp_names(configuration: Configuration) -> dict[int, str | None]:
    """Return the ports with an enabled clamp sensor, and their names."""
    enabled = configuration.sensors.enabled if configuration.sensors else ()
    return {
        port: configuration.name_of(sensor)
        for sensor in enabled
        if sensor.source is Source.CLAMP
        for port in sensor.ports
    }


def supply_ports(configuration: Configuration, chosen: Iterable[int]) -> tuple[int, ...]:
    """Return the ports that are the phases of the supply, in ascending order.

    Without ports chosen by the user, these are all clamps of a three-phase system, and none of a
    single-phase one, whose clamps measure unrelated circuits. A port that carries a sum computed
    by the firmware replaces the ports that are summed.
    """
    ports, supply = configuration.ports, set(chosen)
    is_chosen = bool(supply)
    if not is_chosen and ports is not None and ports.phase in _THREE_PHASES:
        supply = set(clamp_names(configuration))
    if ports is not None and ports.math in _SUMS:
        carrier, parts = _SUMS[ports.math]
        if carrier in supply or not is_chosen:
            supply = (supply - parts) | {carrier}
    return tuple(sorted(supply))
