"""An outage of the whole supply is mended from the blocks of its phases."""

from collections.abc import Callable
import contextlib
from dataclasses import replace
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_FILLED, EVENT_PEAK_RAISED
from custom_components.flukso.diagnostics import async_get_config_entry_diagnostics
from custom_components.flukso.history.outcome import Outcome
from custom_components.flukso.logbook import async_describe_events
from custom_components.flukso.metering.gaps import Reason
from custom_components.flukso.metering.monthly_peaks import Peak
from custom_components.flukso.protocol.tmpo_block import BlockAddress
from simulator import blocks

from ..broker import Broker
from ..home import config_entry
from ..past import HOLE, NOW, publish
from ..statistics import HOUR, leave_counter, table
from ..supplies import (
    EXPORT,
    IMPORT,
    METER,
    PLAIN_IMPORT,
    says,
    slot,
    total_of,
)

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

#: Half past two in the first hour, and 26 h later. A clamp is stored every ten seconds.
BEGIN, END = HOLE[0] + 150 * 60 + 9, HOLE[-1] + 2 * HOUR + 599
EVERY, LEVEL = 10, 16
PHASES = (1, 2, 3)
BEFORE = BEGIN // HOUR * HOUR - HOUR
AFTER = END // HOUR * HOUR
#: The quarter-hour with the highest demand, 9 kW.
PEAK = BEGIN // HOUR * HOUR + 7 * HOUR + 900
type Storage = dict[str, Any]


def watts(second: int) -> tuple[int, int, int]:
    """What the phases use in a minute: the second one has solar panels."""
    minute = second // 60
    solar = 3000 if minute % 97 < 40 else 0
    peak = 7500 if PEAK <= second < PEAK + 900 else 0
    return 900 + minute % 7 * 100 + peak, 600 - solar, 300 + minute % 3 * 30


@cache
def counters() -> dict[int, dict[tuple[str, int], int]]:
    """The counters (thousandths) by second, import and export of each phase."""
    value = {(way, port): 10**7 * port for way in ("pplus", "pminus") for port in PHASES}
    first = (BEGIN >> LEVEL << LEVEL) - (1 << LEVEL)
    told = {}
    for second in range(first + EVERY - 1 - first % EVERY, END + (2 << LEVEL), EVERY):
        for port, power in zip(PHASES, watts(second), strict=True):
            value["pplus" if power > 0 else "pminus", port] += abs(power) * EVERY * 1000 // HOUR
        told[second] = dict(value)
    return told


def at(second: int) -> dict[tuple[str, int], int]:
    """The counters at a second, which were stored last until then."""
    return counters()[(second - EVERY + 1) // EVERY * EVERY + EVERY - 1]


def net(second: int) -> float:
    """Import less export (Wh), which runs evenly from one reading to the next."""
    before, after = (
        sum(value if way == "pplus" else -value for (way, _), value in told.items()) / 1000
        for told in (at(second), at(second + EVERY))
    )
    return before + (after - before) * ((second - EVERY + 1) % EVERY) / EVERY


def truth(begin: int, end: int) -> tuple[float, float]:
    """What a meter that nets its phases counts as import and as export (Wh)."""
    first = begin + EVERY - (begin + 1) % EVERY
    nets = [net(second) for second in (begin, *range(first, end, EVERY), end)]
    steps = [after - before for before, after in pairwise(nets)]
    return sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)


def stored() -> Storage:
    """The file of the supply, as Home Assistant left it when it was stopped."""
    keys = {
        way: [METER.sensor_id(slot(port, way)) for port in PHASES] for way in ("pplus", "pminus")
    }
    value = {
        way: {key: at(BEGIN)[way, port] / 1000 for port, key in zip(PHASES, keys[way], strict=True)}
        for way in keys
    }
    values = value["pplus"] | value["pminus"]
    data = {
        "netting": {"time": BEGIN, "values": values, "imported": 50_000.0, "exported": 9000.0},
        "imported": {"total": sum(value["pplus"].values()) + 500, "values": value["pplus"]},
        "exported": {"total": sum(value["pminus"].values()), "values": value["pminus"]},
        "demand": {
            "time": BEGIN + 1,
            "energy": 50_000.0,
            "begin_energy": None,
            "last": None,
            "peak": {"demand": 4000.0, "quarter": BEGIN // 900 * 900 - 86_400},
        },
        "counters": {
            key: {
                "mark": {"time": BEGIN, "value": each, "at": BEGIN + 0.5},
                "offset": 0.0,
                "rid": 0,
            }
            for key, each in values.items()
        },
    }
    return {"version": 1, "minor_version": 1, "key": "", "data": data}


#: What was booked at the end of the outage, until the supply is settled two minutes later.
SETTLED = END + 120
BOOKED = net(END) - net(BEGIN)


def states(what: str) -> Callable[[int], float]:
    """The state of a total at the end of an hour: as recorded, that is flat in the outage."""
    first = {IMPORT: 50_000.0, EXPORT: 9000.0}

    def state(hour: int) -> float:
        end = hour + HOUR
        if what == PLAIN_IMPORT:
            told = at(min(end, BEGIN) if hour < AFTER else end)
            return sum(told["pplus", port] for port in PHASES) / 1000 + 500
        place = 0 if what == IMPORT else 1
        if hour < BEFORE + HOUR:
            return first[what] - truth(end, BEGIN)[place]
        if hour < AFTER:
            return first[what]
        booked = BOOKED if what == IMPORT else 0.0
        return first[what] + booked + truth(END, end)[place]

    return state


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(dt_util.utc_from_timestamp(END - 1))


@pytest.fixture
async def entry(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, hass_storage: Storage
) -> MockConfigEntry:
    """Set up the meter after the outage, and let it be settled; then some days have passed."""
    await hass.config.async_set_time_zone("Europe/Brussels")
    entry = config_entry(METER)
    hass_storage[f"{DOMAIN}.{entry.entry_id}.supply"] = stored()
    entry.add_to_hass(hass)
    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    for second in range(END, SETTLED + 30, EVERY):
        freezer.move_to(dt_util.utc_from_timestamp(second + 1))
        send(broker, second)
        await broker.settle()
    for what in (IMPORT, EXPORT, PLAIN_IMPORT):
        await leave(hass, what)
    freezer.move_to(NOW)
    return entry


def send(broker: Broker, second: int) -> None:
    """Let the clamps say what they counted."""
    for way in ("pplus", "pminus"):
        values = {port: at(second)[way, port] / 1000 for port in PHASES}
        for topic, payload in says(METER, way, "counter", values, at=second).items():
            broker.send(topic, payload)


HOURS = range(BEFORE - 2 * HOUR, AFTER + 4 * HOUR, HOUR)


async def leave(hass: HomeAssistant, what: str) -> None:
    """Leave the rows of a total as Home Assistant made them."""
    state = states(what)
    rows = [(hour, state(hour) / 1000, (state(hour) - 400) / 1000) for hour in HOURS]
    await leave_counter(hass, statistic(hass, what), "kWh", rows)


def statistic(hass: HomeAssistant, what: str) -> str:
    """The statistic of a total."""
    entity = total_of(hass, METER, what)
    assert entity is not None
    return entity.entity_id


async def changes(hass: HomeAssistant, what: str) -> dict[int, float]:
    """What each hour counted (Wh)."""
    rows = await table(hass, statistic(hass, what))
    sums = {hour: float(row[1] or 0) * 1000 for hour, row in rows.items()}
    return {hour: sums[hour] - sums[hour - HOUR] for hour in sums if hour - HOUR in sums}


def in_peak(second: int) -> int:
    """How many seconds of the quarter-hour with the highest demand are over."""
    return min(max(second - PEAK, 0), 900)


async def tell(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    but: str = "",
    lost: tuple[str, int] = ("", 0),
    silent: tuple[str, range] = ("", range(0)),
    until: int = 2**33,
    later: int = 15,
    invented: int = 0,
) -> None:
    """Publish the blocks of all counters around the outage, and let all that follows happen.

    One of them may have ``invented`` W more in the quarter-hour with the highest demand.
    """
    first = (BEGIN >> LEVEL << LEVEL) - (1 << LEVEL)
    for way in ("pplus", "pminus"):
        for port in PHASES:
            sensor_id = METER.sensor_id(slot(port, way))
            for bid in range(first, END + (1 << LEVEL), 1 << LEVEL):
                span = range(bid + EVERY - 1 - bid % EVERY, bid + (1 << LEVEL), EVERY)
                quiet = silent[1] if f"{way}{port}" == silent[0] else range(0)
                more = invented if f"{way}{port}" == "pplus1" else 0
                readings = [
                    (second, counters()[second][way, port] + more * in_peak(second) * 1000 // HOUR)
                    for second in span
                    if second >= bid and second not in quiet
                ]
                if (
                    f"{way}{port}" != but
                    and (f"{way}{port}", bid) != lost
                    and bid + (1 << LEVEL) <= until
                ):
                    made = blocks.of_readings(LEVEL, readings)
                    config = {"id": sensor_id, "data_type": "counter", "rid": 0}
                    topic = f"{METER.prefix}sensor/{sensor_id}/tmpo/0/{LEVEL}/{bid}/gz"
                    await publish(broker, topic, made.payload(config, Random(1)))
    if later:
        freezer.tick(later)
        async_fire_time_changed(hass)
    await broker.settle_all()


async def act(hass: HomeAssistant, entry: MockConfigEntry, action: str) -> None:
    """Perform an action on the meter."""
    await hass.services.async_call(
        DOMAIN, action, {"config_entry_id": entry.entry_id}, blocking=True
    )


async def test_every_hour_of_the_netted_energies_is_that_of_a_meter_that_nets(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    before = {what: await table(hass, statistic(hass, what)) for what in (IMPORT, EXPORT)}
    told = async_capture_events(hass, EVENT_HISTORY_FILLED)

    await tell(hass, broker, freezer)

    for what, place in ((IMPORT, 0), (EXPORT, 1)):
        counted = await changes(hass, what)
        true = {hour: truth(hour, hour + HOUR)[place] for hour in HOURS[1:]}
        assert counted == {hour: pytest.approx(energy, abs=0.1) for hour, energy in true.items()}
        after = await table(hass, statistic(hass, what))
        kept = [hour for hour in HOURS if hour <= BEFORE or hour >= AFTER]
        assert [after[hour][0] for hour in kept] == [before[what][hour][0] for hour in kept]
    assert {event.data["entity_id"] for event in told} >= {
        statistic(hass, IMPORT),
        statistic(hass, EXPORT),
    }


async def test_a_plain_sum_is_spread_over_the_hours_and_its_total_stays(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    await tell(hass, broker, freezer)

    counted = await changes(hass, PLAIN_IMPORT)
    for hour in HOURS[1:]:
        ends = [sum(at(end)["pplus", port] for port in PHASES) for end in (hour, hour + HOUR)]
        assert counted[hour] == pytest.approx((ends[1] - ends[0]) / 1000, abs=0.1)


async def mend_in_the_same_month(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, *, invented: int = 0
) -> list[Event]:
    """Let the blocks come as soon as there can be any; returns which peaks were raised."""
    now = ((END + 2 * HOUR >> LEVEL) + 1 << LEVEL) + 60
    for second in range(now, now + 60, EVERY):
        freezer.move_to(dt_util.utc_from_timestamp(second + 1))
        send(broker, second)
        await broker.settle()
    raised = async_capture_events(hass, EVENT_PEAK_RAISED)
    await tell(hass, broker, freezer, until=now, invented=invented)
    freezer.tick(30)
    async_fire_time_changed(hass)
    await broker.settle()
    return raised


async def test_the_peak_of_the_month_is_that_of_the_outage_and_activity_tells_it(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    raised = await mend_in_the_same_month(hass, broker, freezer)

    demand = truth(PEAK - 1, PEAK + 899)[0] * 4
    [event] = raised
    assert event.data["entity_id"] == statistic(hass, "peak_demand")
    assert event.data["amount"] == pytest.approx(demand, abs=1)
    assert event.data["begin"] == dt_util.utc_from_timestamp(PEAK).isoformat()
    peak = entry.runtime_data.history.supply.record()
    assert peak is not None
    assert not peak.take_peak(Peak(demand - 1, PEAK))


async def test_no_peak_is_raised_by_blocks_that_contradict_what_was_booked(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    raised = await mend_in_the_same_month(hass, broker, freezer, invented=2000)

    assert raised == []
    refused = entry.runtime_data.history.supply.refusals
    unique_id = f"{METER.device_id}_{IMPORT}"
    assert (unique_id, Reason.LEAP) in {(each.unique_id, each.reason) for each in refused}


async def test_all_is_undone_with_the_lift(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    names = [IMPORT, EXPORT, PLAIN_IMPORT]
    before = {what: await table(hass, statistic(hass, what)) for what in names}
    await tell(hass, broker, freezer)
    assert {what: await table(hass, statistic(hass, what)) for what in names} != before

    for _ in range(20):
        with contextlib.suppress(ServiceValidationError):
            await act(hass, entry, "restore_history")

    for what in names:
        after = await table(hass, statistic(hass, what))
        assert after.keys() == before[what].keys()
        for hour, row in after.items():
            assert row[:2] == pytest.approx(before[what][hour][:2], abs=1e-9)

    history = entry.runtime_data.history
    assert history is not None
    await history.supply.async_mend(0, 2**33)
    reasons = {refusal.unique_id: refusal.reason for refusal in history.supply.refusals}
    assert reasons[f"{METER.device_id}_{IMPORT}"] == "taken_back"
    await act(hass, entry, "fill_history")
    assert (await changes(hass, IMPORT))[PEAK // HOUR * HOUR] == pytest.approx(
        truth(PEAK // HOUR * HOUR, PEAK // HOUR * HOUR + HOUR)[0], abs=0.1
    )


async def test_blocks_that_come_again_change_nothing(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    await tell(hass, broker, freezer)
    after = await table(hass, statistic(hass, IMPORT))
    await hass.config_entries.async_reload(entry.entry_id)

    await tell(hass, broker, freezer)

    assert await table(hass, statistic(hass, IMPORT)) == after


async def test_readings_of_outages_that_are_too_old_to_be_mended_are_dropped(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    await tell(hass, broker, freezer)
    gaps = entry.runtime_data.history.supply
    channels = gaps.record().channels
    assert all(gaps._readings[key].span != (0, 0) for key in channels)

    freezer.tick(44 * 24 * HOUR)
    for key, channel in channels.items():
        gaps.take(channel, BlockAddress(key, 0, LEVEL, BEGIN), ())
    gaps.stop()

    assert all(gaps._readings[key].span == (0, 0) for key in channels)


async def test_a_phase_without_blocks_leaves_the_outage_alone_and_the_diagnostics_say_so(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    before = {what: await table(hass, statistic(hass, what)) for what in (IMPORT, EXPORT)}

    await tell(hass, broker, freezer, but="pplus2")

    for what, rows in before.items():
        assert await table(hass, statistic(hass, what)) == rows
    reasons = {refusal.unique_id: refusal.reason for refusal in entry.runtime_data.history.refusals}
    assert reasons[f"{METER.device_id}_{IMPORT}"] == "not_told"
    phase = "L2 Active energy import"
    answer = await hass.services.async_call(
        DOMAIN,
        "fill_history",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    refused: Any = answer and answer["refused"]
    missing = {each["entity_id"]: each["missing"] for each in refused if "missing" in each}
    assert missing[statistic(hass, IMPORT)] == [phase]
    told: Any = await async_get_config_entry_diagnostics(hass, entry)
    assert [phase] in [each["missing"] for each in told["history"]["refused"]]


async def test_an_outage_is_mended_once_its_last_hour_is_recorded(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    before = await table(hass, statistic(hass, IMPORT))
    await tell(hass, broker, freezer, later=0)
    supply = entry.runtime_data.history.supply
    freezer.move_to(dt_util.utc_from_timestamp(AFTER + HOUR + 60))

    assert await supply.async_mend(0, 1) == Outcome((), ())
    assert await supply.async_mend(0, 2**33) == Outcome((), ())
    assert await table(hass, statistic(hass, IMPORT)) == before

    freezer.tick(900)
    async_fire_time_changed(hass)
    await broker.settle_all()
    assert await table(hass, statistic(hass, IMPORT)) != before


async def test_a_recorder_that_is_busy_is_told_and_the_outage_is_mended_later(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = await table(hass, statistic(hass, IMPORT))
    with patch(
        "custom_components.flukso.history.supply_gaps.async_rows",
        side_effect=HomeAssistantError("the recorder is busy"),
    ):
        await tell(hass, broker, freezer)
    assert "energies of the supply will be compared later: the recorder is busy" in caplog.text
    assert await table(hass, statistic(hass, IMPORT)) == before

    await act(hass, entry, "fill_history")
    assert await table(hass, statistic(hass, IMPORT)) != before


async def test_entities_that_are_disabled_are_left_alone(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    before, raised = await table(hass, statistic(hass, IMPORT)), list[Peak]()
    for what in (IMPORT, "peak_demand"):
        er.async_get(hass).async_update_entity(
            statistic(hass, what), disabled_by=er.RegistryEntryDisabler.USER
        )
    told = async_capture_events(hass, EVENT_PEAK_RAISED)
    supply = entry.runtime_data.history.supply
    record = replace(supply.record(), take_peak=lambda peak: not raised.append(peak))
    supply.record = lambda: record

    await tell(hass, broker, freezer)

    assert await table(hass, statistic(hass, IMPORT)) == before
    assert [peak.quarter for peak in raised] == [PEAK]
    assert told == []


async def test_nothing_is_mended_any_more_once_the_meter_is_unloaded(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    before = await table(hass, statistic(hass, IMPORT))
    supply = entry.runtime_data.history.supply
    await tell(hass, broker, freezer, later=0)
    channel = next(iter(supply.record().channels.values()))
    assert await hass.config_entries.async_unload(entry.entry_id)

    supply.take(channel, BlockAddress(channel.stream.sensor.sensor_id, 0, 16, 0), ())
    assert await supply.async_mend(0, 2**33) == Outcome((), ())

    freezer.tick(60)
    async_fire_time_changed(hass)
    await broker.settle_all()
    assert await table(hass, statistic(hass, IMPORT)) == before


async def test_a_meter_without_a_supply_has_no_outage_to_mend(entry: MockConfigEntry) -> None:
    supply = entry.runtime_data.history.supply
    channel = next(iter(supply.record().channels.values()))
    supply.record = lambda: None

    assert not supply.wants(channel, BlockAddress(channel.stream.sensor.sensor_id, 0, 16, 0))
    assert await supply.async_mend(0, 2**33) == Outcome((), ())


async def test_activity_tells_of_the_peak(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    described = {}

    def describe(_domain: str, event_type: str, description: Callable[[Event], Any]) -> None:
        described[event_type] = description

    async_describe_events(hass, describe)
    data = {
        "entity_id": statistic(hass, "peak_demand"),
        "begin": dt_util.utc_from_timestamp(PEAK).isoformat(),
        "amount": 9000.0,
        "unit": "W",
    }
    line = described[EVENT_PEAK_RAISED](Event(EVENT_PEAK_RAISED, data))
    assert line["message"] == (
        "is higher after a look into the meter's memory: "
        "9,000 W in the quarter-hour from 29 March 2026, 10:15"
    )
