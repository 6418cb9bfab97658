"""What the history of a supply is computed from."""

import time

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.meter.supply_record import SupplyRecord
from custom_components.flukso.metering.mended_outage import Energy
from custom_components.flukso.metering.monthly_peaks import Peak

from ..broker import Broker
from ..meters import flm02, flm03
from ..supplies import EXPORT, IMPORT, METER, PLAIN_EXPORT, PLAIN_IMPORT, House, set_up_with, slot

pytestmark = pytest.mark.usefixtures("all_entities_enabled", "freezer")


async def record_of(hass: HomeAssistant, broker: Broker, house: House, seconds: int, **options):
    """The record of a supply, after some seconds."""
    entry = await set_up_with(hass, broker, METER, **options)
    await house.live(seconds, (600, 300, -500))
    record = entry.runtime_data.history.supply.record()
    assert isinstance(record, SupplyRecord)
    return record


@pytest.fixture
def house(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> House:
    """A house that exports on the third phase."""
    return House(hass, broker, freezer, METER)


async def test_a_supply_of_three_phases_has_their_counters(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    record = await record_of(hass, broker, house, 3)
    imports, exports = (
        {METER.sensor_id(slot(port, way)) for port in (1, 2, 3)} for way in ("pplus", "pminus")
    )
    assert record.layout.imports.keys() == imports
    assert record.layout.exports.keys() == exports
    assert record.channels.keys() == imports | exports
    assert record.energies.keys() == {IMPORT, EXPORT}
    assert {what: set(plain.counters) for what, plain in record.sums.items()} == {
        PLAIN_IMPORT: imports,
        PLAIN_EXPORT: exports,
    }
    assert record.outages == ()


async def test_the_production_is_the_counter_of_its_clamp_that_counted_more(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    options = {"supply_ports": [1, 2], "production_ports": [3]}
    record = await record_of(hass, broker, house, 3, **options)
    assert record.layout.production.keys() == {METER.sensor_id(slot(3, "pminus"))}
    assert record.energies.keys() == {IMPORT, EXPORT, "house_energy", "self_consumption"}


async def test_there_is_no_production_before_its_counters_are_heard(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    options = {"supply_ports": [1, 2], "production_ports": [3]}
    record = await record_of(hass, broker, house, 0, **options)
    assert record.layout.production == {}


async def test_the_counter_of_a_p1_port_is_no_plain_sum(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_with(hass, broker, flm02())
    record = entry.runtime_data.history.supply.record()
    assert record.sums == {}
    [(key, limits)] = record.layout.imports.items()
    assert limits.both_ways
    assert {what: counted.energy for what, counted in record.energies.items()} == {
        IMPORT: Energy.IMPORTED,
        EXPORT: Energy.EXPORTED,
        f"{key}_energy_import": Energy.IMPORTED,
        f"{key}_energy_export": Energy.EXPORTED,
    }


async def test_a_pulse_meter_is_a_plain_sum_of_itself(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm03().changed(*range(1, 37), enable=0)
    entry = await set_up_with(hass, broker, meter, supply_ports=[6])
    record = entry.runtime_data.history.supply.record()
    assert record.energies.keys() == {IMPORT}
    assert record.sums.keys() == {PLAIN_IMPORT}


async def test_a_demand_that_is_lower_than_the_peak_changes_nothing(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    record = await record_of(hass, broker, house, 20)
    begin = house_begin()
    assert record.take_peak(Peak(5000.0, begin))
    assert not record.take_peak(Peak(4999.0, begin + 900))


def house_begin() -> int:
    """The begin of a quarter-hour of this month."""
    return int(time.time()) // 900 * 900 - 900


async def test_what_a_pulse_counts_is_that_of_the_meter_as_it_is_set_now(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm03()
    counter = meter.sensor_id(39)
    entry = await set_up_with(hass, broker, meter, supply_ports=[6])
    before = entry.runtime_data.history.supply.record().layout.imports[counter].step

    await broker.publish(*meter.with_port(6, constant=before * 10).port_report, retain=True)
    await broker.settle()

    after = entry.runtime_data.history.supply.record().layout.imports[counter].step
    assert (before, after) == (0.5, 5)
