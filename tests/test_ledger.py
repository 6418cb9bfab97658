"""The energy and the quarter-hour demand of the whole supply."""

from datetime import datetime
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.channel import CounterChannel
from custom_components.flukso.meter import FluksoConfigEntry
from custom_components.flukso.protocol.topics import Kind

from .broker import Broker
from .clock import Writes, pass_time
from .home import value_of
from .supplies import (
    DEMANDS,
    NETTED,
    SUMS,
    House,
    clamp_slots,
    set_up_with,
    slot,
    three_phases,
    total,
    total_of,
    total_value,
    wired,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

METER = three_phases()
ENERGIES = sorted(SUMS | NETTED)
IMPORT, EXPORT = "netted_energy_import", "netted_energy_export"
PLAIN_IMPORT, PLAIN_EXPORT = "active_energy_import", "active_energy_export"
#: Solar on the third phase gives more than the house takes, or less.
SUNNY, CLOUDY = (600, 300, -2700), (600, 300, -540)


@pytest.fixture
async def house(hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory) -> House:
    """A house on three phases, with solar on the third."""
    await hass.config.async_set_time_zone("Europe/Brussels")
    freezer.move_to(datetime(2026, 5, 12, 9, 59, tzinfo=ZoneInfo("Europe/Brussels")))
    return House(hass, broker, freezer, METER)


def energies(hass: HomeAssistant) -> dict[str, float]:
    """What the energies show (kWh)."""
    return {what: total_value(hass, METER, what) for what in ENERGIES}


def written(hass: HomeAssistant, writes: Writes, what: str) -> list[float]:
    """What was written of an energy (kWh)."""
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


async def test_the_energies_are_shown_as_often_as_counters_are(
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
    booked = total_value(hass, METER, EXPORT) - before[EXPORT]
    assert booked == pytest.approx(1800 * 21 / 3.6e6, abs=2e-6)


async def test_what_a_silent_phase_counted_is_booked_when_it_is_back(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before, writes = energies(hass), Writes(hass)

    await house.live(90, CLOUDY, silent=[2])
    assert {total(hass, METER, what).state for what in ENERGIES} == {"unavailable"}
    await house.live(3, CLOUDY)

    booked = total_value(hass, METER, IMPORT) - before[IMPORT]
    assert booked == pytest.approx(360 * 93 / 3.6e6, abs=2e-6)
    for what in ENERGIES:
        shown = written(hass, writes, what)
        assert shown == sorted(shown)
        assert not shown or shown[0] >= before[what]


async def test_what_is_booked_after_a_silence_is_shown_at_once(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """Phase 3 speaks last, and is not live before its last counter has spoken."""
    await set_up_with(hass, broker, METER, other_interval=3600)
    await house.live(10, CLOUDY)
    await house.live(90, CLOUDY, silent=[3])

    await house.live(2, CLOUDY)

    assert total_value(hass, METER, IMPORT) >= round(360 * 100 / 3.6e6, 6)


async def test_energies_go_on_after_the_connection_was_lost(
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


async def test_a_reset_of_the_counters_books_nothing(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(10, CLOUDY)
    before, writes = energies(hass), Writes(hass)

    house.imported, house.exported = ({1: 0.0, 2: 0.0, 3: 0.0} for _ in range(2))
    await house.live(20, CLOUDY)

    for what, watts in ((IMPORT, 360), (EXPORT, 0), (PLAIN_IMPORT, 900), (PLAIN_EXPORT, 540)):
        booked = total_value(hass, METER, what) - before[what]
        assert booked == pytest.approx(watts * 19 / 3.6e6, abs=watts * 2 / 3.6e6 + 2e-6)
        assert written(hass, writes, what) == sorted(written(hass, writes, what))


async def test_a_break_that_the_user_books_is_energy_and_no_demand(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry: FluksoConfigEntry = await set_up_with(hass, broker, METER)  # type: ignore[assignment]
    await house.live(60, step=5)
    await house.live(300, (900, 300, 600), step=5)
    assert total_value(hass, METER, "demand") == pytest.approx(1800, abs=20)
    channel = entry.runtime_data.channels[METER.sensor_id(1), Kind.COUNTER]
    assert isinstance(channel, CounterChannel)

    channel.book(50_000, 0)
    await house.live(10, (900, 300, 600))

    assert total_value(hass, METER, IMPORT) == pytest.approx(50 + 1800 * 310 / 3.6e6, abs=0.003)
    assert total(hass, METER, "demand").state == "unknown"
    await house.live(1800 - 310, (900, 300, 600), step=5)
    await house.live(5, step=5)
    assert total_value(hass, METER, "peak_demand") == pytest.approx(1800, abs=20)


async def test_a_break_that_is_booked_while_a_phase_is_late_is_no_demand_either(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """It is booked in the first seconds of a quarter, when phase 3 was last heard before it."""
    entry: FluksoConfigEntry = await set_up_with(hass, broker, METER)  # type: ignore[assignment]
    channel = entry.runtime_data.channels[METER.sensor_id(1), Kind.COUNTER]
    assert isinstance(channel, CounterChannel)
    await house.live(60, step=5)
    await house.live(895, (900, 300, 600), step=5)

    await house.live(6, (900, 300, 600), silent=[3])
    channel.book(50_000, 0)
    await house.live(2, (900, 300, 600), silent=[3])
    house.clock = -5
    await house.speak([3])
    house.clock = 0
    await house.live(2, (900, 300, 600))
    await house.live(1800, (900, 300, 600), step=5)

    assert total_value(hass, METER, IMPORT) > 50
    assert total_value(hass, METER, "peak_demand") == pytest.approx(1800, abs=20)


async def test_a_meter_whose_clock_is_not_set_books_energy_and_keeps_the_peak(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(960, (900, 300, 600), step=5)
    peak = total_value(hass, METER, "peak_demand")
    before = energies(hass)

    house.clock = -1_770_000_000
    await house.live(900, (900, 300, 600), step=10)
    assert total(hass, METER, "demand").state == "unknown"
    house.clock = 0
    await house.live(60, (900, 300, 600), step=5)

    booked = total_value(hass, METER, IMPORT) - before[IMPORT]
    assert booked == pytest.approx(1800 * 960 / 3.6e6, abs=2e-6)
    assert total_value(hass, METER, "peak_demand") == peak
    assert total(hass, METER, "last_demand").state == "unknown"


async def test_a_clamp_that_is_disabled_or_enabled_makes_no_energy_jump(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """The meter's own page can do that at any time."""
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


async def test_a_sum_that_the_firmware_forms_takes_the_place_of_its_parts_without_a_jump(
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


async def test_a_supply_that_was_none_for_a_while_goes_on_from_where_it_was(
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


async def test_the_demand_of_the_quarter_and_what_it_will_be(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(55, step=5)
    assert {total(hass, METER, what).state for what in DEMANDS} == {"unknown"}
    await house.live(5, step=5)

    await house.live(300, (2000, 1000, 600), step=5)
    assert total_value(hass, METER, "demand") == 3600
    assert total_value(hass, METER, "expected_demand") == 3600
    await house.live(60, (200, 400, 300), step=5)
    assert total_value(hass, METER, "demand") == 3150
    assert total_value(hass, METER, "expected_demand") == pytest.approx(
        (3600 * 300 + 900 * 600) / 900
    )
    assert total(hass, METER, "last_demand").state == "unknown"
    await house.live(540, SUNNY, step=5)
    assert total_value(hass, METER, "demand") == pytest.approx(1260)
    await house.live(5, step=5)
    assert total_value(hass, METER, "last_demand") == pytest.approx(1260)
    assert total_value(hass, METER, "peak_demand") == pytest.approx(1260)


async def test_the_peak_tells_when_it_was_and_begins_anew_with_the_month(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(datetime(2026, 5, 31, 23, 29, tzinfo=ZoneInfo("Europe/Brussels")))
    await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    assert total(hass, METER, "peak_demand").attributes["quarter_began"] is None
    await house.live(900, (3000, 0, 0), step=5)
    await house.live(900, (1000, 0, 0), step=5)

    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 3000
    assert peak.attributes["quarter_began"] == datetime(
        2026, 5, 31, 23, 30, tzinfo=ZoneInfo("Europe/Brussels")
    )
    await house.live(5, (500, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert peak.state == "unknown"
    assert peak.attributes["quarter_began"] is None
    await house.live(900, (500, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 500
    assert peak.attributes["quarter_began"] == datetime(
        2026, 6, 1, tzinfo=ZoneInfo("Europe/Brussels")
    )
