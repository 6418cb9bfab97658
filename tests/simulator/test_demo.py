"""The demo's day: it looks like a day, and its past joins its present."""

from contextlib import closing
from itertools import pairwise
from pathlib import Path
import sqlite3

import pytest

from demo.day import DAY, HOUR, SEED, days_back
from demo.meter import SettledMeter
from demo.past import past
from demo.short_term import Row, write, write_states
from demo.stage import broker_in
from demo.statistics import SCALES, counted_recently, measured_recently
from simulator import Flm03
from simulator.household import MINUTE, Home, minute
from simulator.installation import PULSE_PORTS, pulse_slot
from simulator.random_values import identity
from simulator.weather import sun_height
from stack import Mosquitto

from ..end_to_end.parts import require_mosquitto

#: Midnight UTC of a day in autumn.
TODAY = 1_795_737_600
HOURS = (1, 12)


def watts_of_minute(number: int) -> float:
    """The highest power of the house in a minute (W)."""
    return max(map(sum, zip(*minute(number, Home(SEED)).active, strict=True)))


@pytest.mark.parametrize("hour", HOURS)
def test_no_car_flattens_the_pictures_of_the_last_day(hour: int) -> None:
    now = TODAY + hour * HOUR
    then = now - days_back(now) * DAY

    minutes = range((then - DAY) // MINUTE, (then + HOUR) // MINUTE, 5)
    assert max(map(watts_of_minute, minutes)) < 8000


@pytest.mark.parametrize("month", range(0, 12, 3))
def test_the_sun_shines_at_noon_whatever_the_time_of_year(month: int) -> None:
    noon = TODAY + month * 30 * DAY + 11 * HOUR
    then = noon - days_back(noon) * DAY
    assert sun_height(then) > 0.5
    assert max(minute(then // MINUTE, Home(SEED)).solar) > 1500


def test_the_household_is_the_same_all_day() -> None:
    assert len({days_back(TODAY + hour * HOUR) for hour in range(24)}) == 1


@pytest.mark.long
@pytest.mark.parametrize("hour", HOURS)
def test_every_input_counts_in_the_first_minute_also_at_night(hour: int) -> None:
    now = TODAY + hour * HOUR
    begin = now - days_back(now) * DAY
    meter = SettledMeter(now, begin)
    topics = [f"/sensor/{meter.sensors[slot].id}/counter" for slot in (37, 38, 39)]

    published = [
        message.topic for second in range(begin, begin + 70) for message in meter.second(second)
    ]

    for topic in topics:
        assert published.count(topic) >= 2


@pytest.mark.long
@pytest.mark.parametrize("hour", HOURS)
def test_the_past_ends_where_the_present_begins(hour: int) -> None:
    now = TODAY + hour * HOUR + 17 * MINUTE
    begin = now - days_back(now) * DAY
    meter = SettledMeter(now, begin)
    meter.second(begin)

    hours = past(now, SEED, days=0)

    live = {f"{sensor_id}_{kind}": value for (sensor_id, kind), value in meter.truth.items()}
    flows = {f"{meter.sensors[pulse_slot(port)].id}_gauge" for port in PULSE_PORTS}
    gauges = [what for what in hours if what.endswith("_gauge") and what in live.keys() - flows]
    assert len(gauges) > 30
    for what in gauges:
        assert hours[what][-1].values[-1] == pytest.approx(live[what], rel=0.05, abs=25)


def test_no_solar_power_is_produced_at_night_in_the_past() -> None:
    """A meter says the power between the last two pulses of the evening until the morning."""
    now = TODAY + 2 * HOUR + 17 * MINUTE
    meter = Flm03(identity("demo"), start=now, blocks=False)
    solar = f"{meter.sensors[pulse_slot(6)].id}_gauge"

    [hour] = past(now, SEED, days=0)[solar]

    assert set(hour.values) == {0.0}


def test_the_flow_of_the_past_is_what_the_counter_counted_meanwhile() -> None:
    now = TODAY + 9 * HOUR
    meter = Flm03(identity("demo"), start=now, blocks=False)
    water = meter.sensors[pulse_slot(4)].id
    hours = past(now, SEED, days=1)

    rows = list(measured_recently(hours[f"{water}_gauge"], SCALES["L/min"]))

    counter = hours[f"{water}_counter"]
    counted = counter[-1].values[-1] - counter[0].values[0]
    assert sum(row.mean or 0 for row in rows) * 5 == pytest.approx(counted, rel=0.1)


@pytest.mark.long
def test_the_last_day_has_a_row_every_five_minutes_until_home_assistants_first(
    tmp_path: Path,
) -> None:
    now = TODAY + 9 * HOUR + 17 * MINUTE
    hours = past(now, SEED, days=2)
    power, energy = hours["net_active_power"], hours["netted_energy_import"]
    rows = {
        "sensor.power": list(measured_recently(power, 1)),
        "sensor.energy": list(counted_recently(energy, 0.001, 12.0)),
        "sensor.other": [Row(TODAY, mean=1)],
    }
    first = now // 300 * 300
    database = tmp_path / "home-assistant_v2.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id TEXT)"
        )
        connection.execute(
            "CREATE TABLE statistics_short_term (id INTEGER PRIMARY KEY, created_ts, metadata_id,"
            " start_ts, mean, min, max, state, sum)"
        )
        for number, what in enumerate(("sensor.power", "sensor.energy"), 1):
            connection.execute("INSERT INTO statistics_meta VALUES (?, ?)", (number, what))
            connection.execute(
                "INSERT INTO statistics_short_term (metadata_id, start_ts) VALUES (?, ?)",
                (number, first),
            )

    assert write(database, rows) > 2 * 24 * 12

    with closing(sqlite3.connect(database)) as connection:
        for number in (1, 2):
            read = connection.execute(
                "SELECT start_ts FROM statistics_short_term WHERE metadata_id = ?"
                " ORDER BY start_ts",
                (number,),
            )
            starts = [start for (start,) in read]
            assert {after - before for before, after in pairwise(starts)} == {300}
            assert starts[-1] == first
            assert starts[0] <= now - DAY
        states = connection.execute(
            "SELECT state FROM statistics_short_term WHERE metadata_id = 2 AND state NOT NULL"
            " ORDER BY start_ts"
        ).fetchall()
    assert states == sorted(states)
    assert states[-1][0] == pytest.approx(12.0, abs=0.1)


def test_the_states_of_the_last_day_lead_to_home_assistants_first(tmp_path: Path) -> None:
    rows = {
        "sensor.power": [Row(TODAY + 300 * count, mean=100.125 + count) for count in range(4)],
        "sensor.energy": [Row(TODAY, state=12.0, sum=1.0)],
        "sensor.other": [Row(TODAY, mean=1)],
    }
    database = tmp_path / "home-assistant_v2.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT)"
        )
        connection.execute(
            "CREATE TABLE states (state_id INTEGER PRIMARY KEY, entity_id, metadata_id,"
            " attributes_id, state, last_updated_ts)"
        )
        for number, what in enumerate(("sensor.power", "sensor.energy"), 1):
            connection.execute("INSERT INTO states_meta VALUES (?, ?)", (number, what))
            connection.execute(
                "INSERT INTO states (metadata_id, attributes_id, state, last_updated_ts)"
                " VALUES (?, 7, '102', ?)",
                (number, TODAY + 700),
            )

    assert write_states(database, rows) == 3

    with closing(sqlite3.connect(database)) as connection:
        shown = connection.execute(
            "SELECT state, last_updated_ts - ?, attributes_id FROM states WHERE metadata_id = 1"
            " ORDER BY last_updated_ts",
            (TODAY,),
        ).fetchall()
    assert shown == [("100.12", 0, 7), ("101.12", 300, 7), ("102.12", 600, 7), ("102", 700, 7)]


def test_the_broker_sends_what_it_retains_again_after_a_reload(
    tmp_path: Path, socket_enabled: None
) -> None:
    require_mosquitto()
    assert isinstance(broker_in(tmp_path), Mosquitto)
