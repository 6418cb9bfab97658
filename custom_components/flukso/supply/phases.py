"""Which ports of a meter measure the supply: the phases, a P1 port, or a pulse meter."""

from collections.abc import Iterable

from ..protocol.configuration import Configuration
from ..protocol.quantities import Quantity
from ..protocol.sensors import Sensor, Source

_THREE_PHASES = ("3p+n", "3p-n")
#: Sums that the firmware computes: the port that carries the sum, and the ports that are summed
#: (docs/protocol.md section 5).
_SUMS = {"p1+p2+p3": ("1", {"1", "2", "3"}), "p2+p1": ("2", {"1", "2"})}
#: Ports without a number come after all others.
_LAST = 100


def measures_electricity(sensor: Sensor) -> bool:
    """Return whether a sensor is one of a port that measures electricity."""
    return sensor.source is Source.CLAMP or sensor.quantity is Quantity.ELECTRICITY


def electricity_ports(configuration: Configuration) -> dict[str, str | None]:
    """Return the ports with an enabled sensor of electricity, and their names."""
    enabled = configuration.sensors.enabled if configuration.sensors else ()
    return {
        sensor.place: configuration.name_of(sensor)
        for sensor in reversed(enabled)
        if measures_electricity(sensor)
    }


def production_ports(configuration: Configuration) -> dict[str, str | None]:
    """Return the ports that can measure a source of power, and their names: all but a P1 port."""
    enabled = configuration.sensors.enabled if configuration.sensors else ()
    net = {sensor.place for sensor in enabled if sensor.source is Source.COSEM}
    ports = electricity_ports(configuration)
    return {port: name for port, name in ports.items() if port not in net}


def in_order(ports: Iterable[str]) -> list[str]:
    """Return ports in the order of their numbers."""
    return sorted(
        ports, key=lambda port: [int(each) if each.isdigit() else _LAST for each in port.split("+")]
    )


def supply_ports(configuration: Configuration, chosen: Iterable[str]) -> tuple[str, ...]:
    """Return the ports that measure the supply, in the order of their numbers.

    Without ports chosen by the user, it is the P1 port, which has the meter that is billed; else
    the clamps of a three-phase system. On a single-phase one, clamps measure unrelated circuits.
    A port that carries a sum computed by the firmware replaces the ports that are summed.
    """
    ports, supply = configuration.ports, set(chosen)
    is_chosen = bool(supply)
    if not is_chosen:
        supply = _obvious_ports(configuration)
    if ports is not None and ports.math in _SUMS:
        carrier, parts = _SUMS[ports.math]
        if carrier in supply or not is_chosen:
            supply = (supply - parts) | {carrier}
    return tuple(in_order(supply))


def summed_ports(configuration: Configuration) -> set[str]:
    """Return the ports that the firmware adds up, but for the one that has the sum."""
    math = configuration.ports.math if configuration.ports is not None else None
    carrier, parts = _SUMS.get(math or "", ("", set()))
    return parts - {carrier}


def _obvious_ports(configuration: Configuration) -> set[str]:
    """Return the P1 port if there is one, else the phases; an FLM02 has them in one sensor."""
    enabled = configuration.sensors.enabled if configuration.sensors else ()
    electric = [sensor for sensor in enabled if measures_electricity(sensor)]
    of_source = {
        source: {sensor.place for sensor in electric if sensor.source is source}
        for source in (Source.COSEM, Source.CLAMP)
    }
    if of_source[Source.COSEM]:
        return of_source[Source.COSEM]
    if configuration.ports is not None and configuration.ports.phase in _THREE_PHASES:
        return of_source[Source.CLAMP]
    return {
        sensor.place
        for sensor in electric
        if sensor.source is Source.ANALOG and len(sensor.ports) > 1
    }
