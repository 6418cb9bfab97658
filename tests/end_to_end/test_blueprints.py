"""The blueprints in a real Home Assistant, which loads an automation of each."""

from pathlib import Path
import shutil

import pytest

from stack import HomeAssistant

pytestmark = [pytest.mark.asyncio, pytest.mark.long]

_BLUEPRINTS = Path(__file__).parents[2] / "blueprints"
_AUTOMATIONS = """\
automation:
  - alias: Peak
    use_blueprint:
      path: flukso/quarter_hour_peak.yaml
      input:
        expected_demand: sensor.fluksometer_expected_quarter_hour_demand
        demand: sensor.fluksometer_quarter_hour_demand
  - alias: Surplus
    use_blueprint:
      path: flukso/surplus_solar.yaml
      input:
        net_power: sensor.fluksometer_net_active_power
        load: switch.boiler
  - alias: Leak
    use_blueprint:
      path: flukso/water_leak.yaml
      input:
        flow: sensor.fluksometer_water_flow
        counter: sensor.fluksometer_water_consumption
  - alias: Offline
    use_blueprint:
      path: flukso/meter_offline.yaml
      input:
        connectivity: [binary_sensor.fluksometer_connectivity]
  - alias: Voltage
    use_blueprint:
      path: flukso/voltage_out_of_range.yaml
      input:
        voltages: [sensor.fluksometer_l1_voltage, sensor.fluksometer_l2_voltage]
"""


async def test_each_makes_an_automation_without_a_complaint(
    tmp_path: Path, socket_enabled: None
) -> None:
    shutil.copytree(_BLUEPRINTS, tmp_path / "config" / "blueprints")
    async with HomeAssistant(tmp_path, extra=_AUTOMATIONS) as home:
        blueprints = await home.client.call("blueprint/list", domain="automation")
        states = await home.client.states()
        log = home.log.read_text()

    assert len(blueprints) == 5
    assert [name for name, found in blueprints.items() if "error" in found] == []
    automations = {each: state for each, state in states.items() if each.startswith("automation.")}
    assert [state["state"] for state in automations.values()] == ["on"] * 5
    assert " ERROR " not in log
    assert [line for line in log.splitlines() if "WARNING" in line and "automation" in line] == []
