"""A supply's past is imported before the rows that are there, which it lifts, and undone again."""

from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..home import caching_in
from ..past import NOW, look
from ..statistics import HOUR, leave_counter, table
from ..supplies import EXPORT, IMPORT, METER, PLAIN_EXPORT, PLAIN_IMPORT, set_up_with
from .test_supply_gaps import AFTER, BEGIN, PHASES, act, at, statistic, tell, truth

#: The first hours that Home Assistant recorded, and what it shows before them (Wh).
RECORDED = range(AFTER, AFTER + 4 * HOUR, HOUR)
SHOWN = {IMPORT: 300.0, EXPORT: 40.0, PLAIN_IMPORT: 1234.0, PLAIN_EXPORT: 0.0}
#: It was added so long after the begin of the first of them (s).
ADDED = 25 * 60


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder,
    enable_custom_integrations: None,
    all_entities_enabled: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Let Home Assistant record."""
    freezer.move_to(NOW)


def used(what: str, begin: int, end: int) -> float:
    """What is counted between two seconds (Wh)."""
    if what in (IMPORT, EXPORT):
        return truth(begin, end)[(IMPORT, EXPORT).index(what)]
    way = "pplus" if what == PLAIN_IMPORT else "pminus"
    counted = (at(end)[way, port] - at(begin)[way, port] for port in PHASES)
    return sum(counted) / 1000


async def leave_rows(hass: HomeAssistant, what: str) -> None:
    """Leave the rows of the hours since Home Assistant was there, which end a second early."""
    base = SHOWN[what]
    if what in (PLAIN_IMPORT, PLAIN_EXPORT):
        way = "pplus" if what == PLAIN_IMPORT else "pminus"
        base = sum(at(AFTER + ADDED)[way, port] for port in PHASES) / 1000
    counted = {hour: used(what, AFTER + ADDED, hour + HOUR - 1) for hour in RECORDED}
    rows = [(hour, (base + each) / 1000, each / 1000) for hour, each in counted.items()]
    await leave_counter(hass, statistic(hass, what), "kWh", rows)


@pytest.mark.parametrize("what", [IMPORT, EXPORT, PLAIN_IMPORT, PLAIN_EXPORT])
async def test_the_past_of_an_energy_is_put_before_its_rows_and_taken_back(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, tmp_path: Path, what: str
) -> None:
    with caching_in(hass, tmp_path):
        entry = await set_up_with(hass, broker, METER)
    await leave_rows(hass, what)
    before = await table(hass, statistic(hass, what))
    await act(hass, entry, "import_history")
    await look(hass, broker, freezer, 60)
    await tell(hass, broker, freezer)
    await look(hass, broker, freezer, 3 * HOUR)

    after = await table(hass, statistic(hass, what))
    hours = [hour for hour in after if hour not in before]
    assert hours == list(range(hours[0], AFTER, HOUR))
    assert hours[0] < BEGIN - 18 * HOUR
    total = 0.0
    for hour in [*hours, AFTER]:
        counted = float(after[hour][1] or 0) * 1000 - total
        end = hour + HOUR - (hour == AFTER)
        assert counted == pytest.approx(used(what, hour, end), abs=1 if hour == AFTER else 0.1)
        total += counted
    lift = total / 1000 - float(before[AFTER][1] or 0)
    assert lift > 0
    for hour, (state, counted_before, *_) in before.items():
        assert after[hour][0] == state
        assert after[hour][1] == pytest.approx(float(counted_before or 0) + lift, abs=1e-9)

    await act(hass, entry, "restore_history")

    undone = await table(hass, statistic(hass, what))
    assert undone.keys() == before.keys()
    for hour, row in before.items():
        assert undone[hour][:2] == pytest.approx(row[:2], abs=1e-9)
