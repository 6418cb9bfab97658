"""Meters on a supply of three phases, and the totals that Home Assistant shows of them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
import time
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flukso.const import DOMAIN

from .broker import Broker
from .clock import pass_time
from .home import config_entry
from .meters import Meter, three_clamps

#: The place of a subtype among the twelve slots of a clamp.
SUBTYPES = ("pplus", "pminus", "q1", "q2", "q3", "q4")

POWERS = {"active_power_import", "active_power_export", "net_active_power", "reactive_power"}
SUMS = {"active_energy_import", "active_energy_export"}
NETTED = {"netted_energy_import", "netted_energy_export"}
DEMANDS = {"demand", "expected_demand", "last_demand", "peak_demand", "mean_peak_demand"}
HOUSE_TOTALS = {"house_power", "house_energy", "self_consumption"}
IMPORT, EXPORT = "netted_energy_import", "netted_energy_export"
PLAIN_IMPORT, PLAIN_EXPORT = "active_energy_import", "active_energy_export"

BRUSSELS = ZoneInfo("Europe/Brussels")
#: Solar on the third phase gives more than the house takes, or less (W).
SUNNY, CLOUDY = (600, 300, -2700), (600, 300, -540)


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


#: The meter of the house on three phases.
METER = three_phases()


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
    for what in POWERS | SUMS | NETTED | DEMANDS | HOUSE_TOTALS:
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


async def set_up_with(
    hass: HomeAssistant, broker: Broker, meter: Meter, **options: object
) -> MockConfigEntry:
    """Set a meter up with some options, among them to show every reading of a counter."""
    entry = config_entry(meter)
    entry.add_to_hass(hass)
    chosen = {"power_interval": 5, "other_interval": 0} | options
    hass.config_entries.async_update_entry(entry, options=chosen)
    await broker.publish_all(meter.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    return entry


class House:
    """What the clamps of a meter count, by port (Wh), while the house lives on."""

    def __init__(
        self, hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, meter: Meter
    ) -> None:
        self.meter = meter
        self.imported = {1: 5000.0, 2: 70_000.0, 3: 0.0}
        self.exported = {1: 0.0, 2: 1.5, 3: 900.0}
        self.clock = 0
        self._hass, self._broker, self._freezer = hass, broker, freezer

    async def live(
        self,
        seconds: int,
        watts: tuple[float, float, float] = (0, 0, 0),
        *,
        silent: Collection[int] = (),
        step: int = 1,
    ) -> None:
        """Use that power on the phases, negative if they export; some ports may be silent."""
        for _ in range(seconds // step):
            await pass_time(self._hass, self._freezer, step, step=step)
            for port, power in enumerate(watts, 1):
                counted = self.imported if power > 0 else self.exported
                counted[port] += abs(power) * step / 3600
            await self.speak({1, 2, 3} - set(silent))

    async def speak(self, ports: Collection[int] = (1, 2, 3)) -> None:
        """Let some ports say what they counted up to the end of the last second."""
        self.send(ports)
        await self._broker.settle()

    def send(self, ports: Collection[int] = (1, 2, 3)) -> None:
        """Do so, and let more arrive together with it."""
        stamp = int(time.time()) - 1 + self.clock
        for subtype, counted in (("pplus", self.imported), ("pminus", self.exported)):
            values = {port: counted[port] for port in ports}
            for topic, payload in says(self.meter, subtype, "counter", values, at=stamp).items():
                self._broker.send(topic, payload)
