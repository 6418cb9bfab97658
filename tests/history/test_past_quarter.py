"""Ninety days before Home Assistant: with a reset, another sensor before it, and a hole."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from unittest.mock import MagicMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..past import BEGIN, Past, look, shown
from ..statistics import HOUR, leave_counter, table

DAY = 24 * HOUR
SLOT = 1
#: The time between two readings (s).
EVERY = 120
#: The meter counts from here on; Home Assistant's first row is of the hour after 90 days.
START = BEGIN // DAY * DAY
FIRST = START + 90 * DAY + 10 * HOUR
#: A second after a reading: what is counted until then is stored.
RESET = START + 30 * DAY + 7 * HOUR + 1
REUSED = START + 10 * DAY
HOLE = range(START + 50 * DAY + 1, START + 52 * DAY)


def reset_once(time: float) -> int:
    """What a counter shows that is set to 0 once."""
    return shown(time) - (shown(RESET) if time >= RESET else 0)


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder,
    enable_custom_integrations: None,
    freezer: FrozenDateTimeFactory,
    mqtt_client_mock: MagicMock,
) -> None:
    """Let Home Assistant record, two and a half hours after its first row."""
    freezer.move_to(dt_util.utc_from_timestamp(FIRST + 3 * HOUR + 1800))


async def remember(broker: Broker, past: Past, *, rid: int, is_lost: Callable[[int], bool]) -> None:
    """Publish all blocks that the meter has, the largest first, but for readings that are lost."""
    end, begin = FIRST + 3 * HOUR + 1800, START
    for level in (20, 16, 12):
        for bid in range(begin >> level << level, end >> level << level, 1 << level):
            readings = [
                (time, value)
                for time, value in past.readings(max(bid, START), bid + (1 << level))
                if not is_lost(time)
            ]
            if readings:
                kept = Past(past.meter, SLOT, EVERY, told=past.told)
                object.__setattr__(kept, "readings", lambda _begin, _end, kept=readings: kept)
                await broker.publish(kept.topic(level, bid, rid), kept.payload(level, bid))
        begin = end >> level << level
    await broker.settle_all()


async def days(hass: HomeAssistant, statistic_id: str) -> dict[int, float]:
    """What the Energy dashboard shows for each day, in Wh."""

    def read() -> dict[int, float]:
        begin = dt_util.utc_from_timestamp(0)
        found = statistics_during_period(
            hass, begin, None, {statistic_id}, "day", {"energy": "Wh"}, {"change"}
        )
        return {int(row["start"]): row["change"] or 0 for row in found[statistic_id]}

    return await get_instance(hass).async_add_executor_job(read)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["reset", "reused"])
async def test_each_hour_and_day_of_ninety_has_what_was_counted(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, kind: str
) -> None:
    await hass.config.async_set_time_zone("Europe/Brussels")
    rid = int(kind == "reused")
    meter = flm03().changed(SLOT, rid=rid)
    entry = await set_up(hass, broker, meter)
    energy = entity_of(hass, meter, SLOT, "counter").entity_id
    told = reset_once if kind == "reset" else shown
    past = Past(meter, SLOT, EVERY, told=told)
    states = {hour: told(hour + HOUR) / 1e6 for hour in range(FIRST, FIRST + 3 * HOUR, HOUR)}
    kept = [(hour, state, state - states[FIRST] + 0.1) for hour, state in states.items()]
    await leave_counter(hass, energy, "kWh", kept)
    before = await table(hass, energy)
    data = {"config_entry_id": entry.entry_id}
    await hass.services.async_call(DOMAIN, "import_history", data, blocking=True)
    await look(hass, broker, freezer, 60)

    if kind == "reused":
        other = Past(meter, SLOT, EVERY, told=lambda time: 3 * shown(time))
        await remember(broker, other, rid=0, is_lost=lambda time: time >= REUSED)
        await remember(broker, past, rid=1, is_lost=lambda time: time < REUSED)
    else:
        await remember(broker, past, rid=0, is_lost=lambda time: time in HOLE)
    await look(hass, broker, freezer, 600)

    rows = await table(hass, energy)
    begin = REUSED if rid else START
    missing = set() if rid else set(range(HOLE.start - 1, HOLE.stop - HOUR, HOUR))
    assert rows.keys() == set(range(begin, FIRST + 3 * HOUR, HOUR)) - missing
    sums = {hour: float(total or 0) * 1000 for hour, (_, total, *_rest) in rows.items()}
    used = {begin: sums[begin]} | {b: sums[b] - sums[a] for a, b in pairwise(sums)}
    for hour, counted in used.items():
        since = HOLE.start - 1 if missing and hour == HOLE.stop - HOUR else hour
        assert counted == pytest.approx((shown(hour + HOUR) - shown(since)) / 1000, abs=1)
    for start, counted in (await days(hass, energy)).items():
        local = datetime.fromtimestamp(start, dt_util.get_default_time_zone())
        end = min(int((local + timedelta(days=1)).timestamp()), FIRST + 3 * HOUR)
        if not (missing and HOLE.start - DAY < start < HOLE.stop):
            whole = shown(end) - shown(max(start, begin))
            assert counted == pytest.approx(whole / 1000, abs=1)

    await hass.services.async_call(DOMAIN, "restore_history", data, blocking=True)
    after = await table(hass, energy)
    assert after.keys() == before.keys()
    for hour, row in before.items():
        assert after[hour] == pytest.approx(row, abs=1e-6)
