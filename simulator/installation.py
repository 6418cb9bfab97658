"""An FLM03E's configuration once it is installed (docs/protocol.md sections 4 and 5)."""

from collections.abc import Iterator, Mapping, Sequence

from .clamp import COUNTERS, SUBTYPES
from .config import Json, Port, Sensor
from .pulse import KINDS

CLAMP_PORTS = (1, 2, 3)
PULSE_PORTS = (4, 5, 6)
UART_PORT = 7
SHIFTS: Mapping[str, Sequence[int]] = {"1p": (0, 0, 0), "3p+n": (0, 4, 2), "3p-n": (0, 4, 2)}
"""The result of phase matching for each clamp port, in steps of 60°."""
SUMMED_SLOTS = (13, 14, 25, 26)
"""Import and export of ports 2 and 3, which are not logged while port 1 carries their sum."""
DEFAULT_KIND = "electricity"


def clamp_slots(port: int) -> range:
    """Return the twelve slots of a clamp port."""
    return range(12 * port - 11, 12 * port + 1)


def pulse_slot(port: int) -> int:
    """Return the slot of a pulse port."""
    return 33 + port


def pulse_keys(port: int, kind: str) -> dict[str, Json]:
    """Return the further keys of a pulse port's sensor; only electricity has a subtype."""
    return {"port": [port], "subtype": "pplus" if kind == "electricity" else ""}


def ports(clamps: int, pulses: Sequence[str], phase: str) -> Iterator[tuple[int, Port]]:
    """Return the seven ports of config/flx."""
    for port, shift in zip(CLAMP_PORTS, SHIFTS[phase], strict=True):
        more: dict[str, Json] = {"current": 50, "shift": shift}
        yield port, Port(enable=port <= clamps, kind="ct", name=f"L{port}", more=more)
    for port, kind in _pulse_kinds(pulses):
        constant = KINDS[kind or DEFAULT_KIND].constant
        name = "solar" if kind == "electricity" else kind
        more = {"constant": constant, "trigger": "edge"}
        yield port, Port(enable=kind is not None, kind="pulse", name=name, more=more)
    uart: dict[str, Json] = {"dsmr": 4, "uart_tx_invert": 0, "uart_rx_invert": 1}
    yield UART_PORT, Port(enable=False, kind="uart", more=uart)


def sensors(
    ids: Mapping[int, str], clamps: int, pulses: Sequence[str], math: str
) -> Iterator[tuple[int, Sensor]]:
    """Return the slots 1 to 39 of config/sensor; the phase angle is never enabled."""
    for port in CLAMP_PORTS:
        for index, slot in enumerate(clamp_slots(port)):
            more: dict[str, Json] = {"port": [port], "subtype": SUBTYPES[index]}
            if slot in SUMMED_SLOTS:
                more["tmpo"] = int(math != "p1+p2+p3")
            yield (
                slot,
                Sensor(
                    id=ids[slot],
                    enable=port <= clamps and SUBTYPES[index] != "alpha",
                    type="electricity",
                    data_type="counter" if index < COUNTERS else "gauge",
                    more=more,
                ),
            )
    for port, kind in _pulse_kinds(pulses):
        slot = pulse_slot(port)
        yield (
            slot,
            Sensor(
                id=ids[slot],
                enable=kind is not None,
                type=kind or DEFAULT_KIND,
                more=pulse_keys(port, kind or DEFAULT_KIND),
            ),
        )


def _pulse_kinds(pulses: Sequence[str]) -> Iterator[tuple[int, str | None]]:
    for place, port in enumerate(PULSE_PORTS):
        yield port, pulses[place] if place < len(pulses) else None
