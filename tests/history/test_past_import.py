"""What the meter remembers from before Home Assistant is imported, and can be undone."""

import json
from typing import Any
from unittest.mock import MagicMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.flukso.const import DOMAIN, EVENT_HISTORY_IMPORTED

from ..broker import Broker
from ..home import config_entry, entity_of
from ..meters import flm03
from ..past import BEGIN, END, Past
from ..statistics import HOUR, Columns, table

METER = flm03()
PPLUS = 1
PAST = Past(METER, PPLUS)
#: Home Assistant's first hour with the meter, a day after the end of the block of twelve days.
FIRST = (END // HOUR + 24) * HOUR
FIRST_HOUR = BEGIN // HOUR * HOUR + HOUR


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(dt_util.utc_from_timestamp(FIRST + 600))


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """Set up the meter, with its past wished for."""
    entry = config_entry(METER)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={"import_history": True})
    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    return entry


@pytest.fixture
def energy(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The statistic of a counter."""
    return entity_of(hass, METER, PPLUS, "counter").entity_id


class Clock:
    """Lets time pass: readings, the recorder's five minutes, and the looks of the import."""

    def __init__(
        self, hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, client: MagicMock
    ) -> None:
        self._hass, self._broker, self._freezer, self._client = hass, broker, freezer, client

    async def until(self, end: int) -> None:
        """Let time pass until a second (since 1970), in steps of five minutes."""
        time = int(dt_util.utcnow().timestamp())
        topic = f"{METER.prefix}sensor/{METER.sensor_id(PPLUS)}/counter"
        while time < end:
            time = min(time // 300 * 300 + 300, end)
            before = 60 if time % HOUR == 0 else 30
            for second in range(time - before, time + 1, 5 if time % HOUR == 0 else 30):
                self._freezer.move_to(dt_util.utc_from_timestamp(second))
                await self._broker.publish(topic, f'[{second}, {PAST.told(second) / 1000}, "Wh"]')
                async_fire_time_changed(self._hass)
                await self._broker.settle_all()
            if time % 300 == 0:
                start = dt_util.utc_from_timestamp(time - 300)
                do_adhoc_statistics(self._hass, start=start)
                await async_wait_recording_done(self._hass)
        await self.look()

    def asked(self) -> list[Any]:
        """The requests for blocks that were published."""
        topic = f"{METER.prefix}d/device/{METER.device_id}/tmpo/sync"
        calls = [call.args for call in self._client.publish.call_args_list]
        return [json.loads(payload) for name, payload, *_ in calls if name == topic]

    async def look(self, seconds: int = 60) -> None:
        """Let the import look once more."""
        self._freezer.tick(seconds)
        async_fire_time_changed(self._hass)
        await self._broker.settle_all()


@pytest.fixture
def clock(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    mqtt_client_mock: MagicMock,
) -> Clock:
    """Let time pass."""
    return Clock(hass, broker, freezer, mqtt_client_mock)


async def answer(broker: Broker, *, newest: bool = True) -> None:
    """Publish the blocks that the meter has now, the largest first."""
    now = int(dt_util.utcnow().timestamp())
    await PAST.publish(broker, 20, BEGIN)
    begin = END
    for level in (16, 12):
        while begin + (1 << level) <= now:
            if newest or begin + (1 << level) <= FIRST:
                await PAST.publish(broker, level, begin)
            begin += 1 << level


def counted(rows: dict[int, Columns]) -> dict[int, float]:
    """What the Energy dashboard shows for each hour, in Wh."""
    found, before = {}, 0.0
    for hour, (_, total, *_rest) in rows.items():
        assert total is not None
        found[hour] = (total - before) * 1000
        before = total
    return found


def true(rows: dict[int, Columns]) -> dict[int, object]:
    """What it should show: until a recorded row what was counted until its state was read."""
    found = {}
    for hour, (state, *_) in rows.items():
        assert state is not None
        before = rows.get(hour - HOUR)
        begin = PAST.told(hour) / 1000 if before is None else float(before[0] or 0) * 1000
        found[hour] = pytest.approx(state * 1000 - begin, abs=0.01)
    return found


async def undo(hass: HomeAssistant, entry: MockConfigEntry) -> Any:
    """Undo the last import."""
    return await hass.services.async_call(
        DOMAIN,
        "restore_history",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )


async def test_the_past_is_imported_goes_on_and_can_be_undone(
    hass: HomeAssistant,
    broker: Broker,
    entry: MockConfigEntry,
    energy: str,
    clock: Clock,
) -> None:
    told = async_capture_events(hass, EVENT_HISTORY_IMPORTED)
    reaches_back = entity_of(hass, METER, PPLUS, "counter")
    await clock.until(FIRST + HOUR - 300)
    assert clock.asked() == []
    assert entry.options == {}

    await clock.until(FIRST + HOUR + 60)
    [wanted] = clock.asked()
    assert METER.sensor_id(PPLUS) in {item["sid"] for item in wanted}
    assert {item["bid"] for item in wanted} == {0}
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 900)
    assert (await table(hass, energy)).keys() == {FIRST, FIRST + HOUR}
    before = await table(hass, energy)
    await answer(broker)
    await clock.until(FIRST + 2 * HOUR + 1500)

    rows = await table(hass, energy)
    assert rows.keys() == set(range(FIRST_HOUR, FIRST + 2 * HOUR, HOUR))
    assert counted(rows) == true(rows)
    assert min(total for _, total, *_ in rows.values() if total is not None) > 0
    assert [rows[hour][0] for hour in before] == [state for state, *_ in before.values()]
    [event] = told
    assert event.data["entity_id"] == energy
    assert event.data["device_id"] == reaches_back.device_id
    assert event.data["hours"] == (FIRST - FIRST_HOUR) // HOUR
    assert event.data["amount"] == pytest.approx(
        (PAST.told(FIRST) - PAST.told(FIRST_HOUR)) / 1_000_000
    )

    await clock.until(FIRST + 4 * HOUR + 60)
    rows = await table(hass, energy)
    assert rows.keys() == set(range(FIRST_HOUR, FIRST + 4 * HOUR, HOUR))
    assert counted(rows) == true(rows)

    restored = await undo(hass, entry)
    assert [each["entity_id"] for each in restored["restored"]] == [energy]
    after = await table(hass, energy)
    assert after.keys() == {FIRST + hour * HOUR for hour in range(4)}
    for hour, row in before.items():
        assert after[hour] == pytest.approx(row, abs=1e-6)
    await clock.until(FIRST + 6 * HOUR + 60)
    after = await table(hass, energy)
    assert list(counted(after).values())[1:] == list(true(after).values())[1:]
    assert len(after) == 6
