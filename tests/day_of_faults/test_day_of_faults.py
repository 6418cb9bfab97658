"""A day with a fault in every minute: what Home Assistant books is what the meter counted.

What reaches Home Assistant goes through its own MQTT client or the integration's own connection,
its own state machine and its own recorder, whose five-minute and hourly statistics are those that
the Energy dashboard adds up.

To simulate a day in a minute, the clamps send every 5 s instead of every second, except where
the fault needs every second; all pulses and all telegrams of the P1 port are sent. A restart of
Home Assistant is a reload of the config entries: the states are saved and restored, and messages of
the meters meanwhile are lost. ``tests/end_to_end`` restarts a real Home Assistant. The blocks of
the meters' memory come at the end of the day.

The counters of the FLM03 are reset to 0 once. The first readings after that, and those at the
start of the day, are the ones that Home Assistant starts from: what was counted before them (5 s
of the clamps, one pulse) can't be booked.

A leap goes 10^3 to 10^9 Wh beyond what the input can have counted since its last reading: what it
can have counted is by definition no fault. Nor can three false readings in a row that agree with
each other be distinguished from a replaced board: an input without a reading since its last
fault, such as that of an idle boiler, gets no further fault.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise
import logging
import sys

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import CONF_COMMIT_INTERVAL, CONF_DB_RETRY_WAIT, Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import CONF_ENTITIES, CONF_INCLUDE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from .day import HOUR, MIDNIGHT, MINUTE, Day
from .ways import Bridged, Direct, network

HOURS = range(24)
_OF_FLM03, _OF_P1 = "sensor.flm03", "sensor.flm02_smart_main"
#: The energies by what they measure.
ENERGY = {
    "slot 1": f"{_OF_FLM03}_l1_active_energy_import",
    "slot 14": f"{_OF_FLM03}_l2_active_energy_export",
    "slot 37": f"{_OF_FLM03}_heat_heat_energy",
    "net import": f"{_OF_FLM03}_net_energy_import",
    "net export": f"{_OF_FLM03}_net_energy_export",
    "P1 import": f"{_OF_P1}_energy_import",
    "P1 export": f"{_OF_P1}_energy_export",
}
#: The minutes in which the broker is gone, of which Home Assistant learns from the meters' blocks.
OUTAGE = range(14 * 60 + 20, 15 * 60 + 30)
#: The second of a minute in which its fault begins.
BEGIN = 5
#: The kinds of fault, each of which is played every 19 minutes.
FAULTS = {
    *("dip", "dip_twice", "leap", "replay", "replay_a_burst", "reorder", "double", "cut"),
    *("restart_home_assistant", "lose_the_broker", "lose_the_meter", "change_address"),
    *("put_clock_forward", "put_clock_back", "put_host_clock_forward", "put_host_clock_back"),
    *("rewrite_configuration", "slow_recorder", "fill_disk"),
}
#: The counters of which a repair asks after they began anew.
BEGAN_ANEW = {
    *(f"{_OF_FLM03}_l1_active_energy_{way}" for way in ("import", "export")),
    *(f"{_OF_FLM03}_l2_active_energy_{way}" for way in ("import", "export")),
    f"{_OF_FLM03}_heat_heat_energy",
}
#: What Home Assistant logs of its own while the disk is full.
FULL = ("Error in database connectivity", "SQLAlchemyError error", "Error writing config")


@pytest.fixture
def midnight(freezer: FrozenDateTimeFactory) -> None:
    """Set the clock to the start of the day."""
    freezer.move_to(MIDNIGHT)


@pytest.fixture(autouse=True)
def _this_integration(
    midnight: None, recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Start the recorder before Home Assistant, at the start of the day."""


@pytest.fixture
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Disable what is logged below warning."""
    caplog.set_level(logging.WARNING)


@pytest.fixture(params=["bridged", "direct"])
def day(
    request: pytest.FixtureRequest, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> Iterator[Day]:
    """The day, over each of the two ways."""
    if request.param == "bridged":
        way = Bridged(request.getfixturevalue("broker"))
        yield Day(hass, freezer, (way, way))
        return
    with network() as brokers:
        first = Direct(hass, brokers, "192.0.2.1", "192.0.2.2")
        yield Day(hass, freezer, (first, Direct(hass, brokers, "192.0.2.3", "192.0.2.4")))


async def booked(hass: HomeAssistant, period: str) -> dict[str, dict[int, float]]:
    """What Home Assistant's statistics booked in each period of the day by its number, in Wh."""
    length = {"hour": HOUR, "5minute": 5 * MINUTE}[period]
    await async_wait_recording_done(hass)
    statistics = await hass.async_add_executor_job(
        statistics_during_period,
        *(hass, MIDNIGHT, None, set(ENERGY.values()), period, {"energy": "Wh"}, {"change"}),
    )
    return {
        name: {
            int(row["start"] - MIDNIGHT.timestamp()) // length: row["change"] or 0.0
            for row in statistics[entity_id]
        }
        for name, entity_id in ENERGY.items()
    }


def compared(
    booked: dict[str, dict[int, float]], minutes: list[Counter[str]], but: Collection[int] = ()
) -> dict[str, list[float]]:
    """Hold what was booked against what was counted in each minute, but for some hours.

    Returns how far what is booked until the end of each hour is off (Wh).
    """
    offs = {}
    for name, hours in booked.items():
        of = [minute[name] for minute in minutes]
        true = [sum(of[hour * 60 :][:60]) for hour in HOURS]
        allowed = [max(of[max(hour - 1, 0) * 60 :][:120]) for hour in HOURS]
        off = [round(hours.get(hour, 0) - true[hour], 3) for hour in HOURS]
        wrong = {hour for hour in HOURS if abs(off[hour]) > allowed[hour]}
        assert wrong.difference(but) == set(), (name, off)
        assert sum(true) > 3000, name
        assert abs(sum(off[hour] for hour in HOURS if hour not in but)) <= max(allowed), (name, off)
        offs[name] = [round(each, 3) for each in accumulate(off)]
    return offs


def spikes(rows: dict[int, float], of: list[float]) -> list[tuple[int, float]]:
    """The five minutes that booked more than was counted about them, and in a minute before.

    Pulses that were lost before a pause are booked after it. The first that book anything after the
    outage book what was counted since the last before it.
    """
    found, last = [], 0
    for row, change in sorted(rows.items()):
        is_after_outage = 5 * last < OUTAGE.stop <= 5 * row
        begin = 5 * last if is_after_outage else max(5 * row - 5, 0)
        if not -1 < change <= sum(of[begin : 5 * row + 6]) + max(of):
            found.append((row, change))
        last = row if change else last
    return found


def report(played: Counter[str], offs: dict[str, list[float]]) -> str:
    """Format how often each kind of fault was played, and how far each energy is off in the end."""
    lines = [f"{sum(played.values())} faults", *(f"{n:5} {kind}" for kind, n in played.items())]
    lines += [f"{off[-1]:+8.1f} {name}" for name, off in offs.items()]
    return "\n{}\n".format("\n".join(lines))


@pytest.mark.long
@pytest.mark.parametrize("enable_statistics", [True])
@pytest.mark.parametrize(
    "recorder_config",
    [
        {
            CONF_COMMIT_INTERVAL: MINUTE,
            CONF_DB_RETRY_WAIT: 0,
            CONF_INCLUDE: {CONF_ENTITIES: list(ENERGY.values())},
        }
    ],
)
@pytest.mark.usefixtures("hass_storage", "_quiet")
async def test_whatever_goes_wrong_a_day_is_booked_as_it_was(
    hass: HomeAssistant,
    day: Day,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The day's total is within the energy of a minute, and so is each hour, without a spike.

    For an hour, that is the most that was counted in a minute of that hour or of the one before,
    whose last minute may be booked in this one. The hours in which the broker is gone for long are
    so once the meters' blocks have come, which make nothing worse.
    """
    await day.begin()
    entities = set(er.async_get(hass).entities)
    counted: list[Counter[str]] = [day.counted.copy()]

    for minute in range(24 * 60):
        if minute == OUTAGE.start:
            await day.lose_connection()
        if minute == OUTAGE.stop:
            await day.restore_connection()
        if minute not in OUTAGE:
            await day.live(BEGIN)
            await day.go_wrong(minute)
        await day.live(MINUTE - day.now % MINUTE)
        counted.append(day.counted.copy())
    await day.live(15)

    minutes = [after - before for before, after in pairwise(counted)]
    heard = compared(await booked(hass, "hour"), minutes, but={each // 60 for each in OUTAGE})
    for name, rows in (await booked(hass, "5minute")).items():
        assert spikes(rows, [minute[name] for minute in minutes]) == [], name

    assert {kind for kind, times in day.played.items() if times >= 70} == FAULTS, day.played
    assert sum(day.played.values()) == len(minutes) - len(OUTAGE)
    registry, breaks = er.async_get(hass), ir.async_get(hass).issues.values()
    assert entities <= set(registry.entities)
    assert all(float(state.state) >= 0 for state in map(hass.states.get, ENERGY.values()) if state)
    named = [each.translation_placeholders or {} for each in breaks]
    assert {each["entity_id"] for each in named} == BEGAN_ANEW

    await day.remember()

    remembered = compared(await booked(hass, "hour"), minutes)
    with capsys.disabled():
        sys.stdout.write(report(day.played, remembered))
    better = set()
    for name, off in remembered.items():
        before = heard[name]
        assert [hour for hour in HOURS if abs(off[hour]) > abs(before[hour])] == [], (name, before)
        better |= {name for hour in HOURS if abs(off[hour]) < abs(before[hour])}
    assert better >= {"slot 1", "slot 37", "net import", "P1 import"}
    errors = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
    assert [error for error in errors if not error.startswith(FULL)] == []
    assert "not strictly increasing" not in caplog.text
