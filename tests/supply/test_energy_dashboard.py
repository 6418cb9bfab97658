"""What docs/energy.md says to choose: the Energy dashboard takes it, and its numbers add up.

For each set-up of its tables, a day passes in a Home Assistant with a recorder. The dashboard is
asked, as its page does, whether it has a complaint, and what each source has counted in the day.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..meters import Meter, flm02, flm03, reading
from ..supplies import set_up_with, slot, three_phases, wired

MIDNIGHT = datetime(2026, 5, 12, tzinfo=UTC)
HOURS = range(24)
#: For so many hours the power is the same; then the meter sends.
STEP = 3

type Hourly = Callable[[int], float]


def used(hour: int) -> float:
    """What the house uses in an hour (Wh)."""
    return 400 + 100 * (hour // STEP)


def solar(hour: int) -> float:
    """What its solar panels give (Wh)."""
    return max(3000 - 500 * abs(hour // STEP * STEP - 12), 0)


def net(hour: int) -> float:
    """What comes from the grid, negative if it goes there (Wh)."""
    return used(hour) - solar(hour)


def imported(hour: int) -> float:
    """What comes from the grid (Wh)."""
    return max(net(hour), 0)


def exported(hour: int) -> float:
    """What goes there (Wh)."""
    return max(-net(hour), 0)


def steady(amount: float) -> Hourly:
    """The same in each hour."""
    return lambda _: amount


def only(meter: Meter, *slots: int) -> Meter:
    """The same meter with these sensors alone."""
    others = (number for number in meter.sensors if number not in slots)
    return meter.changed(*others, enable=0).changed(*slots, enable=1)


WATER, GAS, ELECTRICITY = 37, 38, 39
#: The slots of an FLM02's clamp, of three clamps as one, of its water and gas meter and P1 port.
CLAMP, CLAMPS, FLM02_WATER, FLM02_GAS, P1 = 1, 2, 4, 5, 6
CLAMP_ENERGIES = [slot(port, what) for port in (1, 2, 3) for what in ("pplus", "pminus")]
ONE_PHASE = only(flm03(), *CLAMP_ENERGIES, WATER, GAS, ELECTRICITY)
PHASES = only(three_phases(), *CLAMP_ENERGIES, ELECTRICITY)
SUMMED = wired(only(flm03(), *CLAMP_ENERGIES), "3p+n", "p1+p2+p3")
FLM02 = only(flm02(), CLAMP, CLAMPS, FLM02_WATER, FLM02_GAS, P1)
GAS_AT_P1 = FLM02.changed(FLM02_GAS, **{"class": "cosem"}, port="ttyS0", obis=["24.2.1"])
SEPARATE = FLM02.changed(CLAMPS, port=[2]).changed(3, enable=1)


def of(meter: Meter, number: int, what: str = "counter") -> str:
    """Return the end of the unique id of an entity of a sensor."""
    return f"{meter.sensor_id(number)}_{what}"


@dataclass(frozen=True)
class SetUp:
    """A row of the tables, or several that go together.

    Attributes:
        meter: the meter, and ``options`` those that differ from the usual ones.
        counts: what the counter of each slot counts in each hour, in its unit.
        chosen: what is chosen for the grid, solar production, gas, water and single devices: the
            entities by the end of their unique ids, and what they should have counted.
    """

    meter: Meter
    counts: Mapping[int, Hourly]
    chosen: Mapping[str, tuple[dict[str, str], dict[str, Hourly]]]
    options: dict[str, object] = field(default_factory=dict)


def grid(
    imports: str, exports: str | None, power: dict[str, str], *, plain: bool = False
) -> tuple[dict[str, str], dict[str, Hourly]]:
    """What is chosen for the grid; the ``plain`` sums of the phases are not netted."""
    counted: dict[str, Hourly] = {imports: used if plain or exports is None else imported}
    if exports is not None:
        counted[exports] = solar if plain else exported
    ids = {"stat_energy_from": imports} | ({"stat_energy_to": exports} if exports else {})
    return ids | {f"power_config.{key}": value for key, value in power.items()}, counted


def source(energy: str, rate: str, counted: Hourly) -> tuple[dict[str, str], dict[str, Hourly]]:
    """What is chosen for another source, or for a device."""
    return {"stat_energy_from": energy, "stat_rate": rate}, {energy: counted}


def of_sensor(
    meter: Meter, number: int, counted: Hourly
) -> tuple[dict[str, str], dict[str, Hourly]]:
    """The counter and the gauge of a sensor, chosen for another source or for a device."""
    return source(of(meter, number), of(meter, number, "gauge"), counted)


PHASE_COUNTS = {
    slot(1, "pplus"): lambda hour: used(hour) / 4,
    slot(2, "pplus"): lambda hour: used(hour) * 3 / 4,
    slot(3, "pminus"): solar,
    ELECTRICITY: solar,
}
NET_POWER = {"stat_rate": "net_active_power"}

SET_UPS = {
    "one phase, solar on a clamp, water, gas, single devices": SetUp(
        ONE_PHASE,
        {
            slot(1, "pplus"): imported,
            slot(1, "pminus"): exported,
            slot(2, "pplus"): solar,
            slot(3, "pplus"): steady(120),
            WATER: steady(12),
            GAS: steady(150),
            ELECTRICITY: steady(80),
        },
        {
            "grid": grid(
                of(ONE_PHASE, slot(1, "pplus")),
                of(ONE_PHASE, slot(1, "pminus")),
                {
                    "stat_rate_from": of(ONE_PHASE, slot(1, "pplus"), "gauge"),
                    "stat_rate_to": of(ONE_PHASE, slot(1, "pminus"), "gauge"),
                },
            ),
            "solar": of_sensor(ONE_PHASE, slot(2, "pplus"), solar),
            "water": of_sensor(ONE_PHASE, WATER, steady(12)),
            "gas": of_sensor(ONE_PHASE, GAS, steady(150)),
            "device of a clamp": of_sensor(ONE_PHASE, slot(3, "pplus"), steady(120)),
            "device of a pulse meter": of_sensor(ONE_PHASE, ELECTRICITY, steady(80)),
        },
    ),
    "three phases, netted, and solar by pulses": SetUp(
        PHASES,
        PHASE_COUNTS,
        {
            "grid": grid("netted_energy_import", "netted_energy_export", NET_POWER),
            "solar": of_sensor(PHASES, ELECTRICITY, solar),
        },
    ),
    "three phases, not netted, and solar on the other way round": SetUp(
        PHASES,
        PHASE_COUNTS,
        {
            "grid": grid("active_energy_import", "active_energy_export", NET_POWER, plain=True),
            "solar": of_sensor(PHASES, slot(3, "pminus"), solar),
        },
    ),
    "three phases that the meter adds up": SetUp(
        SUMMED,
        {slot(1, "pplus"): imported, slot(1, "pminus"): exported, slot(3, "pplus"): solar},
        {
            "grid": grid("netted_energy_import", "netted_energy_export", NET_POWER),
            "solar": of_sensor(SUMMED, slot(3, "pplus"), solar),
        },
    ),
    "P1 port with gas, solar on a clamp of an FLM02, water": SetUp(
        GAS_AT_P1,
        {P1: net, CLAMP: solar, FLM02_WATER: steady(12), FLM02_GAS: steady(150)},
        {
            "grid": grid(
                of(GAS_AT_P1, P1, "energy_import"), of(GAS_AT_P1, P1, "energy_export"), NET_POWER
            ),
            "solar": of_sensor(GAS_AT_P1, CLAMP, solar),
            "gas": of_sensor(GAS_AT_P1, FLM02_GAS, steady(150)),
            "water": of_sensor(GAS_AT_P1, FLM02_WATER, steady(12)),
        },
    ),
    "P1 port as the supply, gas by pulses": SetUp(
        FLM02,
        {P1: net, CLAMP: solar, FLM02_GAS: steady(150)},
        {
            "grid": grid("netted_energy_import", "netted_energy_export", NET_POWER),
            "solar": of_sensor(FLM02, CLAMP, solar),
            "gas": of_sensor(FLM02, FLM02_GAS, steady(150)),
        },
    ),
    "clamps of an FLM02 as one sensor": SetUp(
        FLM02,
        {CLAMPS: used, CLAMP: steady(120)},
        {
            "grid": grid("energy", None, {"stat_rate": "power"}),
            "device": of_sensor(FLM02, CLAMP, steady(120)),
        },
        {"supply_ports": ["1+2+3"]},
    ),
    "clamps of an FLM02 on a port each": SetUp(
        SEPARATE,
        {number: lambda hour: used(hour) / 3 for number in (CLAMP, CLAMPS, 3)},
        {"grid": grid("energy", None, {"stat_rate": "power"})},
        {"supply_ports": [1, 2, 3]},
    ),
    "pulse meter at the grid": SetUp(
        ONE_PHASE,
        {ELECTRICITY: used},
        {
            "grid": grid(
                "active_energy_import", None, {"stat_rate": of(ONE_PHASE, ELECTRICITY, "gauge")}
            )
        },
        {"supply_ports": [6]},
    ),
    "pulse meter at the grid, by its own energy": SetUp(
        ONE_PHASE,
        {ELECTRICITY: used},
        {
            "grid": grid(
                of(ONE_PHASE, ELECTRICITY),
                None,
                {"stat_rate": of(ONE_PHASE, ELECTRICITY, "gauge")},
            )
        },
    ),
}


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder is set up before Home Assistant is."""


class Day:
    """The day of a set-up, and the Energy dashboard."""

    def __init__(
        self,
        hass: HomeAssistant,
        broker: Broker,
        freezer: FrozenDateTimeFactory,
        *,
        websocket: WebSocketGenerator,
        user: MockUser,
        set_up: SetUp,
    ) -> None:
        self._hass, self._broker, self._freezer = hass, broker, freezer
        self._websocket, self._user, self._set_up = websocket, user, set_up
        self._counters = dict.fromkeys(set_up.counts, 1000.0)
        self._units = {
            number: set_up.meter.readings()[set_up.meter.topic(number, "counter")].split('"')[1]
            for number in set_up.counts
        }

    async def speak(self, end: datetime) -> None:
        """Let the meter send until the end of an hour, and Home Assistant make statistics."""
        meter = self._set_up.meter
        for seconds in (20, 10):
            self._freezer.move_to(end - timedelta(seconds=seconds))
            counters = {
                meter.topic(number, "counter"): reading(round(value, 3), self._units[number])
                for number, value in self._counters.items()
            }
            await self._broker.publish_all(meter.readings() | counters)
            async_fire_time_changed(self._hass)
            await self._hass.async_block_till_done()
        self._freezer.move_to(end - timedelta(seconds=5))
        async_fire_time_changed(self._hass)
        await async_wait_recording_done(self._hass)
        do_adhoc_statistics(self._hass, start=end - timedelta(minutes=5))
        await async_wait_recording_done(self._hass)

    async def live(self) -> None:
        """Let the hours of the day pass."""
        for hour in HOURS[::STEP]:
            for number, counted in self._set_up.counts.items():
                self._counters[number] += STEP * counted(hour)
            await self.speak(MIDNIGHT + timedelta(hours=hour + STEP))

    def entity(self, what: str) -> str:
        """Return the entity whose unique id ends so."""
        unique_id = f"{self._set_up.meter.device_id}_{what}"
        found = er.async_get(self._hass).async_get_entity_id("sensor", DOMAIN, unique_id)
        assert found is not None
        return found

    async def call(self, what: str, **parameters: object) -> Any:
        """Ask Home Assistant what its pages ask."""
        [token] = self._user.refresh_tokens.values()
        client = await self._websocket(self._hass, self._hass.auth.async_create_access_token(token))
        await client.send_json_auto_id({"type": what, **parameters})
        answer = await client.receive_json()
        assert answer["success"], answer
        return answer["result"]

    async def choose(self) -> None:
        """Configure the dashboard."""
        sources, devices = [], []
        for kind, (ids, _) in self._set_up.chosen.items():
            chosen: dict[str, Any] = {}
            for key, what in ids.items():
                outer, _, inner = key.partition(".")
                if inner:
                    chosen.setdefault(outer, {})[inner] = self.entity(what)
                else:
                    chosen[outer] = self.entity(what)
            if kind.startswith("device"):
                devices.append(
                    {
                        "stat_consumption": chosen["stat_energy_from"],
                        "stat_rate": chosen["stat_rate"],
                    }
                )
            else:
                sources.append({"type": kind} | _DEFAULTS.get(kind, {}) | chosen)
        await self.call("energy/save_prefs", energy_sources=sources, device_consumption=devices)

    async def complaints(self) -> list[Any]:
        """Return what the dashboard finds wrong with what was chosen."""
        found = await self.call("energy/validate")
        return [issue for each in found.values() for issues in each for issue in issues]

    async def counted(self) -> dict[str, float]:
        """Return what the dashboard shows of the day, by the ends of the unique ids.

        Electricity is in kWh, gas in m³, water in L.
        """
        ids = {
            self.entity(what): what
            for _, counted in self._set_up.chosen.values()
            for what in counted
        }
        days = await self.call(
            "recorder/statistics_during_period",
            start_time=MIDNIGHT.isoformat(),
            end_time=(MIDNIGHT + timedelta(days=1)).isoformat(),
            statistic_ids=sorted(ids),
            period="day",
            types=["change"],
        )
        return {ids[entity_id]: day["change"] for entity_id, [day] in days.items()}


_DEFAULTS: dict[str, dict[str, object]] = {
    "grid": {
        "stat_energy_to": None,
        "stat_cost": None,
        "stat_compensation": None,
        "cost_adjustment_day": 0.0,
    },
    "solar": {"config_entry_solar_forecast": None},
    "gas": {"stat_cost": None},
    "water": {"stat_cost": None},
}


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize("set_up", SET_UPS.values(), ids=SET_UPS)
async def test_the_dashboard_has_no_complaint_and_its_day_adds_up(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
    set_up: SetUp,
) -> None:
    freezer.move_to(MIDNIGHT - timedelta(minutes=2))
    await hass.config.async_set_time_zone("UTC")
    assert await async_setup_component(hass, "energy", {})
    await set_up_with(hass, broker, set_up.meter, other_interval=5, **set_up.options)
    day = Day(hass, broker, freezer, websocket=hass_ws_client, user=hass_admin_user, set_up=set_up)
    await day.speak(MIDNIGHT)
    await day.choose()
    await day.live()

    assert await day.complaints() == []
    shown = await day.counted()
    expected = {
        what: sum(map(hourly, HOURS)) / (1 if kind == "water" else 1000)
        for kind, (_, counted) in set_up.chosen.items()
        for what, hourly in counted.items()
    }
    assert shown == pytest.approx(expected, abs=0.001)
