"""What docs/energy.md says to choose is what the Energy dashboard takes without a complaint."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.energy.validate import async_validate
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..home import let_pass
from ..meters import Meter, flm02, flm03
from ..supplies import set_up_with, three_phases

FLM02, FLM03, PHASES = flm02(), flm03(), three_phases()
#: The issue of a statistic that is not there yet, five minutes after the first state.
NOT_YET = "statistics_not_defined"


def of_slot(meter: Meter, slot: int, what: str) -> str:
    """Return the end of the unique id of an entity of a sensor."""
    return f"{meter.sensor_id(slot)}_{what}"


@pytest.fixture(autouse=True)
def _this_integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder is set up before Home Assistant is."""


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize(
    ("meter", "options", "imported", "exported", "power"),
    [
        (
            FLM02,
            {},
            of_slot(FLM02, 6, "energy_import"),
            of_slot(FLM02, 6, "energy_export"),
            "net_active_power",
        ),
        (FLM02, {}, "netted_energy_import", "netted_energy_export", "net_active_power"),
        (FLM02, {"supply_ports": ["1+2+3"]}, "energy", None, "power"),
        (FLM03, {"supply_ports": [6]}, "active_energy_import", None, of_slot(FLM03, 39, "gauge")),
        (PHASES, {}, "netted_energy_import", "netted_energy_export", "net_active_power"),
        (PHASES, {}, "active_energy_import", "active_energy_export", "net_active_power"),
    ],
    ids=["P1", "P1 as the supply", "clamps of an FLM02", "pulse meter", "netted", "not netted"],
)
async def test_the_dashboard_has_no_complaint_about_the_grid(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    meter: Meter,
    options: dict[str, object],
    imported: str,
    exported: str | None,
    power: str,
) -> None:
    assert await async_setup_component(hass, "energy", {})
    await set_up_with(hass, broker, meter, **options)
    for _ in range(3):
        freezer.tick(1)
        await broker.publish_all(meter.readings())
    await let_pass(hass, broker, freezer, 5)
    registry = er.async_get(hass)

    def entity(what: str) -> str:
        found = registry.async_get_entity_id("sensor", DOMAIN, f"{meter.device_id}_{what}")
        assert found is not None
        return found

    manager = await async_get_manager(hass)
    await manager.async_update(
        {
            "energy_sources": [
                {
                    "type": "grid",
                    "stat_energy_from": entity(imported),
                    "stat_energy_to": entity(exported) if exported else None,
                    "stat_cost": None,
                    "stat_compensation": None,
                    "power_config": {"stat_rate": entity(power)},
                    "cost_adjustment_day": 0.0,
                }
            ]
        }
    )

    issues = (await async_validate(hass)).as_dict()["energy_sources"]
    assert {issue["type"] for each in issues for issue in each} <= {NOT_YET}
    for what in (imported, exported, power):
        state = hass.states.get(entity(what)) if what else None
        assert state is None or float(state.state) >= 0
