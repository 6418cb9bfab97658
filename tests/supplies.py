"""Meters on a supply of three phases, and the totals that Home Assistant shows of them."""

from collections.abc import Mapping
from dataclasses import replace
import time

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er

from custom_components.flukso.const import DOMAIN

from .meters import Meter, three_clamps

#: The place of a subtype among the twelve slots of a clamp.
SUBTYPES = ("pplus", "pminus", "q1", "q2", "q3", "q4")

POWERS = {"active_power_import", "active_power_export", "net_active_power", "reactive_power"}
SUMS = {"active_energy_import", "active_energy_export"}
NETTED = {"netted_energy_import", "netted_energy_export"}
DEMANDS = {"demand", "expected_demand", "last_demand", "peak_demand"}


def three_phases(phase: str = "3p+n", math: str = "none", device: int = 0x3F03) -> Meter:
    """An FLM03 on three phases: active and reactive power and energy of each, and no more."""
    meter = three_clamps(device).changed(
        *(slot for slot in range(1, 37) if (slot - 1) % 12 >= len(SUBTYPES)), enable=0
    )
    for port in (1, 2, 3):
        meter = meter.with_port(port, name=f"L{port}")
    return wired(meter, phase, math)


def wired(meter: Meter, phase: str = "3p+n", math: str = "none") -> Meter:
    """The same meter with another electrical system, and sums that its firmware forms."""
    main = {"led_mode": 255, "phase": phase, "math": math}
    return replace(meter, ports=(meter.ports or {}) | {"main": main})


def slot(port: int, subtype: str) -> int:
    """The slot of a clamp's sensor."""
    return 12 * (port - 1) + 1 + SUBTYPES.index(subtype)


def clamp_slots(port: int) -> range:
    """All slots of a clamp."""
    return range(12 * port - 11, 12 * port + 1)


def says(
    meter: Meter,
    subtype: str,
    kind: str,
    values: Mapping[int, float],
    *,
    at: int | None = None,
) -> dict[str, str]:
    """Readings of one second by topic: what the clamps say of a quantity, by port."""
    unit = {"gauge": ("W", "VAR"), "counter": ("Wh", "VARh")}[kind][subtype.startswith("q")]
    stamp = int(time.time()) if at is None else at
    return {
        meter.topic(slot(port, subtype), kind): f'[{stamp}, {value:.3f}, "{unit}"]'
        for port, value in values.items()
    }


def total_of(hass: HomeAssistant, meter: Meter, what: str) -> er.RegistryEntry | None:
    """The entity of a total, if there is one."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{meter.device_id}_{what}")
    return registry.async_get(entity_id) if entity_id else None


def totals(hass: HomeAssistant, meter: Meter) -> set[str]:
    """The totals that are there; those that the user has disabled or the meter lacks are not."""
    found = set()
    for what in POWERS | SUMS | NETTED | DEMANDS:
        entity = total_of(hass, meter, what)
        state = hass.states.get(entity.entity_id) if entity else None
        if state and not state.attributes.get("restored"):
            found.add(what)
    return found


def total(hass: HomeAssistant, meter: Meter, what: str) -> State:
    """The state of a total."""
    entity = total_of(hass, meter, what)
    assert entity is not None
    state = hass.states.get(entity.entity_id)
    assert state is not None
    return state


def total_value(hass: HomeAssistant, meter: Meter, what: str) -> float:
    """The state of a total, as a number."""
    return float(total(hass, meter, what).state)
