"""The energies of a supply over restarts and reloads: nothing lost, nothing counted twice."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import (
    async_mock_restore_state_shutdown_restart,
)

from ..broker import Broker
from ..clock import Writes, pass_time
from ..home import value_of
from ..restarts import crash, reload, restart
from ..supplies import (
    CLOUDY,
    DEMANDS,
    EXPORT,
    IMPORT,
    METER,
    NETTED,
    PLAIN_EXPORT,
    PLAIN_IMPORT,
    SUMS,
    SUNNY,
    House,
    set_up_with,
    slot,
    total,
    total_of,
    total_value,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


async def test_after_a_restart_energies_and_demand_continue_with_the_first_readings(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(20, CLOUDY)
    before = {what: total_value(hass, METER, what) for what in NETTED | SUMS}

    await restart(hass, broker, entry)

    assert {total(hass, METER, what).state for what in NETTED | SUMS | DEMANDS} == {"unknown"}
    await house.live(2, CLOUDY)
    counted = {IMPORT: 360, EXPORT: 0, PLAIN_IMPORT: 900, PLAIN_EXPORT: 540}
    assert {what: total_value(hass, METER, what) for what in NETTED | SUMS} == {
        what: pytest.approx(before[what] + watts * 2 / 3.6e6, abs=2e-6)
        for what, watts in counted.items()
    }
    assert total_value(hass, METER, "demand") == pytest.approx(360)


async def test_energy_counted_during_a_restart_is_added_once(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(1)
    await house.live(20, CLOUDY)
    plain = total_value(hass, METER, PLAIN_IMPORT)

    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_mock_restore_state_shutdown_restart(hass)
    freezer.tick(100)
    house.imported[1] += 20
    house.exported[3] += 5
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(
        (360 * 30 / 3600 + 15) / 1000, abs=2e-6
    )
    assert total_value(hass, METER, EXPORT) == 0
    assert total_value(hass, METER, PLAIN_IMPORT) - plain == pytest.approx(
        (20 + 900 * 10 / 3600) / 1000, abs=2e-6
    )


async def test_however_often_it_is_reloaded_nothing_is_counted_twice(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(1)
    writes = Writes(hass)

    for _ in range(5):
        await house.live(4, SUNNY)
        await reload(hass, broker, entry)
        await house.live(4, CLOUDY)
        await reload(hass, broker, entry)
    await house.live(2, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 22 / 3.6e6, abs=2e-6)
    assert total_value(hass, METER, EXPORT) == pytest.approx(1800 * 20 / 3.6e6, abs=2e-6)
    entity = total_of(hass, METER, IMPORT)
    assert entity is not None
    states = [float(state) for state in writes.of(entity.entity_id) if state[0].isdigit()]
    assert states == sorted(states)


async def test_after_a_crash_all_continues_from_what_was_saved_last(
    hass: HomeAssistant,
    broker: Broker,
    house: House,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(1)
    await house.live(20, CLOUDY)
    start_again = await crash(hass, broker, entry, hass_storage)
    await house.live(100, CLOUDY, step=5)
    before, writes = {what: total_value(hass, METER, what) for what in NETTED | SUMS}, Writes(hass)

    await start_again()
    await pass_time(hass, freezer, 35)
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 130 / 3.6e6, abs=2e-6)
    counters = [value_of(hass, METER, slot(port, "pplus"), "counter") for port in (1, 2, 3)]
    assert total_value(hass, METER, PLAIN_IMPORT) == round(sum(counters), 6)
    for what, last in before.items():
        entity = total_of(hass, METER, what)
        assert entity is not None
        numbers = [float(state) for state in writes.of(entity.entity_id) if state[0].isdigit()]
        assert numbers == sorted([last, *numbers])[1:], "a decrease would be recorded as a reset"


async def test_a_reset_during_a_restart_adds_no_energy(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(20, CLOUDY)
    before = total_value(hass, METER, PLAIN_IMPORT), total_value(hass, METER, IMPORT)

    await restart(hass, broker, entry)
    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(20, CLOUDY)

    assert total_value(hass, METER, PLAIN_IMPORT) - before[0] == pytest.approx(
        900 * 19 / 3.6e6, abs=900 * 2 / 3.6e6
    )
    assert total_value(hass, METER, IMPORT) - before[1] == pytest.approx(
        360 * 19 / 3.6e6, abs=360 * 2 / 3.6e6
    )


async def test_where_export_is_not_measured_the_sum_of_import_is_restored_alone(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    house.meter = METER.changed(slot(2, "pminus"), enable=0)
    entry = await set_up_with(hass, broker, house.meter)
    await house.live(20, CLOUDY)
    before = total(hass, METER, PLAIN_IMPORT).state

    await restart(hass, broker, entry)
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, PLAIN_IMPORT) - float(before) == pytest.approx(
        900 * 10 / 3.6e6, abs=2e-6
    )
