"""The quarter-hour demand of the whole supply, from its counters to its entities."""

from datetime import datetime

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.meter.counter_channel import CounterChannel
from custom_components.flukso.models import FluksoConfigEntry
from custom_components.flukso.protocol.topics import Kind

from ..broker import Broker
from ..restarts import restart
from ..supplies import (
    BRUSSELS,
    IMPORT,
    METER,
    SUNNY,
    House,
    set_up_with,
    total,
    total_value,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


async def test_a_break_that_the_user_books_adds_energy_but_no_demand(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry: FluksoConfigEntry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(300, (900, 300, 600), step=5)
    assert total_value(hass, METER, "demand") == pytest.approx(1800, abs=20)
    channel = entry.runtime_data.meter.channels[METER.sensor_id(1), Kind.COUNTER]
    assert isinstance(channel, CounterChannel)

    channel.book(50_000, 0)
    await house.live(10, (900, 300, 600))

    assert total_value(hass, METER, IMPORT) == pytest.approx(50 + 1800 * 310 / 3.6e6, abs=0.003)
    assert total(hass, METER, "demand").attributes["incomplete"] is True
    await house.live(1800 - 310, (900, 300, 600), step=5)
    await house.live(5, step=5)
    assert total_value(hass, METER, "peak_demand") == pytest.approx(1800, abs=20)


async def test_a_break_that_is_booked_while_a_phase_is_late_adds_no_demand_either(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """It is booked in the first seconds of a quarter; phase 3 was last received before these."""
    entry: FluksoConfigEntry = await set_up_with(hass, broker, METER)
    channel = entry.runtime_data.meter.channels[METER.sensor_id(1), Kind.COUNTER]
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


async def test_a_meter_whose_clock_is_not_set_adds_energy_and_keeps_the_peak(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(960, (900, 300, 600), step=5)
    peak = total_value(hass, METER, "peak_demand")
    before = total_value(hass, METER, IMPORT)

    house.clock = -1_770_000_000
    await house.live(900, (900, 300, 600), step=10)
    assert total(hass, METER, "demand").state == "unknown"
    house.clock = 0
    await house.live(60, (900, 300, 600), step=5)

    added = total_value(hass, METER, IMPORT) - before
    assert added == pytest.approx(1800 * 960 / 3.6e6, abs=2e-6)
    assert total_value(hass, METER, "peak_demand") == peak
    assert total(hass, METER, "last_demand").state == "unknown"


async def test_the_demand_of_the_quarter_and_its_expected_end(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    await set_up_with(hass, broker, METER)
    await house.live(60, step=5)

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


async def test_the_peak_has_the_time_of_its_quarter_and_is_reset_with_the_month(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(datetime(2026, 5, 31, 23, 29, tzinfo=BRUSSELS))
    await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    assert total(hass, METER, "peak_demand").attributes["quarter_began"] is None
    await house.live(900, (3000, 0, 0), step=5)
    await house.live(900, (1000, 0, 0), step=5)

    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 3000
    assert peak.attributes["quarter_began"] == datetime(2026, 5, 31, 23, 30, tzinfo=BRUSSELS)
    await house.live(5, (500, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert peak.state == "unknown"
    assert peak.attributes["quarter_began"] is None
    await house.live(900, (500, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 500
    assert peak.attributes["quarter_began"] == datetime(2026, 6, 1, tzinfo=BRUSSELS)


async def test_the_quarter_and_the_peak_are_restored_after_a_restart(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(900, (3000, 0, 0), step=5)
    await house.live(300, (6000, 0, 0), step=5)

    await restart(hass, broker, entry)
    assert total(hass, METER, "peak_demand").state == "unknown"
    await house.live(5, (6000, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 3000
    assert peak.attributes["quarter_began"] == datetime(2026, 5, 12, 10, 0, tzinfo=BRUSSELS)
    assert total_value(hass, METER, "last_demand") == 3000
    assert total_value(hass, METER, "demand") == 6000

    await house.live(600, (6000, 0, 0), step=5)
    peak = total(hass, METER, "peak_demand")
    assert float(peak.state) == 6000
    assert peak.attributes["quarter_began"] == datetime(2026, 5, 12, 10, 15, tzinfo=BRUSSELS)


async def test_a_quarter_whose_end_home_assistant_missed_does_not_count(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(900, (3000, 0, 0), step=5)
    await house.live(880, (6000, 0, 0), step=5)

    await restart(hass, broker, entry)
    freezer.tick(30)
    house.imported[1] += 50
    await house.live(600, (6000, 0, 0), step=5)

    assert total_value(hass, METER, "peak_demand") == 3000
    assert total_value(hass, METER, "demand") == pytest.approx(6000, abs=10)
    assert total(hass, METER, "demand").attributes["incomplete"] is True
    assert total(hass, METER, "last_demand").state == "unknown"


async def test_the_demand_is_shown_from_the_first_minute_marked_incomplete(
    hass: HomeAssistant, broker: Broker, house: House
) -> None:
    """Of a quarter that runs already, what is known is told; of those before, nothing is."""
    await set_up_with(hass, broker, METER)

    await house.live(30, (2000, 1000, 600), step=5)

    for what in ("demand", "expected_demand"):
        assert total_value(hass, METER, what) == pytest.approx(3600, abs=1)
        assert total(hass, METER, what).attributes["incomplete"] is True
    assert total_value(hass, METER, "mean_peak_demand") == 2500
    assert total(hass, METER, "last_demand").state == "unknown"
    assert total(hass, METER, "peak_demand").state == "unknown"
    await house.live(60, (2000, 1000, 600), step=5)
    for what in ("demand", "expected_demand"):
        assert total(hass, METER, what).attributes["incomplete"] is False


async def test_the_mean_of_the_monthly_peaks_is_what_is_paid_for_and_survives_a_restart(
    hass: HomeAssistant, broker: Broker, house: House, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(datetime(2026, 4, 30, 23, 29, tzinfo=BRUSSELS))
    entry = await set_up_with(hass, broker, METER)
    await house.live(60, step=5)
    await house.live(900, (4500, 0, 0), step=5)
    await house.live(5, (1000, 0, 0), step=5)
    mean = total(hass, METER, "mean_peak_demand")
    assert (float(mean.state), mean.attributes["months"]) == (4500, 1)

    await house.live(895 + 900, (1000, 0, 0), step=5)
    await house.live(5, (1000, 0, 0), step=5)
    mean = total(hass, METER, "mean_peak_demand")
    assert total_value(hass, METER, "peak_demand") == 1000
    assert (float(mean.state), mean.attributes["months"]) == ((4500 + 2500) / 2, 2)

    await restart(hass, broker, entry)
    await house.live(5, (1000, 0, 0), step=5)
    mean = total(hass, METER, "mean_peak_demand")
    assert (float(mean.state), mean.attributes["months"]) == (3500, 2)
