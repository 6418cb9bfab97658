"""The energy of the whole supply."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..clock import Writes, pass_time
from ..home import value_of
from ..supplies import (
    CLOUDY,
    EXPORT,
    IMPORT,
    METER,
    NETTED,
    PLAIN_EXPORT,
    PLAIN_IMPORT,
    SUMS,
    SUNNY,
    House,
    clamp_slots,
    set_up_with,
    slot,
    total,
    total_of,
    total_value,
    wired,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

ENERGIES = sorted(SUMS | NETTED)


def energies(hass: HomeAssistant) -> dict[str, float]:
    """Return the states of the energies (kWh)."""
    return {what: total_value(hass, METER, what) for what in ENERGIES}


def written(hass: HomeAssistant, writes: Writes, what: str) -> list[float]:
    """Return the states that were written of an energy (kWh)."""
    entity = total_of(hass, METER, what)
    assert entity is not None
    return [float(state) for state in writes.of(entity.entity_id) if state[0].isdigit()]


async def test_phases_are_netted_second_by_second(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(1)
    await house.live(20, SUNNY)
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) == pytest.approx(360 * 10 / 3.6e6, abs=2e-6)
    assert total_value(hass, METER, EXPORT) == pytest.approx(1800 * 20 / 3.6e6, abs=2e-6)


async def test_the_plain_sums_are_those_of_the_counters(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    for watts in (SUNNY, CLOUDY, (17.3, -3.77, 2900.1)):
        await house.live(7, watts)
        for what, subtype in ((PLAIN_IMPORT, "pplus"), (PLAIN_EXPORT, "pminus")):
            counters = [value_of(hass, METER, slot(port, subtype), "counter") for port in (1, 2, 3)]
            assert total_value(hass, METER, what) == round(sum(counters), 6)


async def test_seconds_that_arrive_together_at_the_start_count_from_the_first(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, METER)
    for _ in range(3):
        freezer.tick(1)
        house.send()
        house.imported[1] += 1
    await broker.settle()

    assert total_value(hass, METER, IMPORT) == pytest.approx(0.002)


async def test_energies_are_published_as_often_as_counters(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER, other_interval=30)
    await house.live(2, SUNNY)
    assert total_value(hass, METER, EXPORT) > 0
    writes = Writes(hass)

    await house.live(120, SUNNY)

    assert len(written(hass, writes, EXPORT)) == 4
    assert len(written(hass, writes, PLAIN_IMPORT)) == 4


async def test_energies_wait_for_a_phase_that_is_missing(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, SUNNY)
    before = energies(hass)

    await house.live(20, SUNNY, silent=[3])
    assert {what: energies(hass)[what] for what in NETTED} == {
        what: before[what] for what in NETTED
    }
    await house.live(1, SUNNY)

    assert total_value(hass, METER, IMPORT) == before[IMPORT] == 0
    added = total_value(hass, METER, EXPORT) - before[EXPORT]
    assert added == pytest.approx(1800 * 21 / 3.6e6, abs=2e-6)


async def test_the_energy_of_a_silent_phase_is_added_when_it_is_back(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before, writes = energies(hass), Writes(hass)

    await house.live(90, CLOUDY, silent=[2])
    assert {total(hass, METER, what).state for what in ENERGIES} == {"unavailable"}
    await house.live(3, CLOUDY)

    added = total_value(hass, METER, IMPORT) - before[IMPORT]
    assert added == pytest.approx(360 * 93 / 3.6e6, abs=2e-6)
    for what in ENERGIES:
        states = written(hass, writes, what)
        assert states == sorted(states)
        assert not states or states[0] >= before[what]


async def test_energy_added_after_a_silence_is_published_immediately(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """Phase 3 sends last, and is unavailable until its last counter has sent."""
    await set_up_with(hass, broker, METER, other_interval=3600)
    await house.live(10, CLOUDY)
    await house.live(90, CLOUDY, silent=[3])

    await house.live(2, CLOUDY)

    assert total_value(hass, METER, IMPORT) >= round(360 * 100 / 3.6e6, 6)


async def test_energies_continue_after_the_connection_was_lost(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, METER, other_interval=3600)
    await house.live(2)
    before = energies(hass)

    await broker.lose_connection()
    assert {total(hass, METER, what).state for what in ENERGIES} == {"unavailable"}
    await pass_time(hass, freezer, 100, step=5)
    await broker.restore_connection()
    assert energies(hass) == before
    house.imported[1] += 36
    await house.live(2)

    assert total_value(hass, METER, IMPORT) - before[IMPORT] == pytest.approx(0.036)
    assert total_value(hass, METER, PLAIN_IMPORT) - before[PLAIN_IMPORT] == pytest.approx(0.036)


async def test_a_reset_of_the_counters_adds_no_energy(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before, writes = energies(hass), Writes(hass)

    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(20, CLOUDY)

    for what, watts in ((IMPORT, 360), (EXPORT, 0), (PLAIN_IMPORT, 900), (PLAIN_EXPORT, 540)):
        added = total_value(hass, METER, what) - before[what]
        assert added == pytest.approx(watts * 19 / 3.6e6, abs=watts * 2 / 3.6e6 + 2e-6)
        assert written(hass, writes, what) == sorted(written(hass, writes, what))


async def test_a_clamp_that_is_disabled_or_enabled_makes_no_energy_jump(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """The web interface of the meter can do that at any time."""
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before, writes = energies(hass), Writes(hass)

    await broker.publish(*METER.changed(*clamp_slots(2), enable=0).sensor_report)
    await house.live(10, (600, 9000, -540))
    assert energies(hass)[PLAIN_IMPORT] - before[PLAIN_IMPORT] == pytest.approx(
        600 * 10 / 3.6e6, abs=2e-6
    )
    await broker.publish(*METER.sensor_report)
    await house.live(10, CLOUDY)

    after = energies(hass)
    assert after[PLAIN_IMPORT] - before[PLAIN_IMPORT] == pytest.approx(
        (600 * 20 + 300 * 9) / 3.6e6, abs=2e-6
    )
    assert after[IMPORT] - before[IMPORT] == pytest.approx((60 * 11 + 360 * 9) / 3.6e6, abs=2e-6)
    for what in ENERGIES:
        assert written(hass, writes, what) == sorted(written(hass, writes, what))
        assert min(written(hass, writes, what)) >= before[what]


async def test_a_sum_computed_by_the_firmware_replaces_its_ports_without_a_jump(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before, writes = energies(hass), Writes(hass)

    await broker.publish(*wired(METER, math="p1+p2+p3").port_report)
    await house.live(10, (360, 300, -540))

    after = energies(hass)
    for what in (PLAIN_IMPORT, IMPORT):
        assert after[what] - before[what] == pytest.approx(360 * 10 / 3.6e6, abs=2e-6)
    assert after[PLAIN_EXPORT] == before[PLAIN_EXPORT]
    assert min(written(hass, writes, PLAIN_IMPORT)) >= before[PLAIN_IMPORT]


async def test_a_supply_that_was_not_configured_for_a_while_continues_from_where_it_was(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before, writes = energies(hass), Writes(hass)

    await broker.publish(*wired(METER, "1p").port_report)
    await house.live(30, CLOUDY)
    await broker.publish(*METER.port_report)
    await house.live(10, CLOUDY)

    assert total_value(hass, METER, IMPORT) - before[IMPORT] == pytest.approx(
        360 * 40 / 3.6e6, abs=2e-6
    )
    for what in ENERGIES:
        assert written(hass, writes, what) == sorted(written(hass, writes, what))
