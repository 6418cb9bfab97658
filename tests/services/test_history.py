"""The actions that audit and fill: their period, and their response."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.diagnostics import async_get_config_entry_diagnostics
from custom_components.flukso.history.audit import Audit, AuditedHour
from custom_components.flukso.history.filled_until import FilledUntil
from custom_components.flukso.history.outcome import Outcome, Refusal
from custom_components.flukso.metering.rows import Row

from ..broker import Broker
from ..home import entity_of, set_up
from ..meters import flm03
from ..statistics import HOUR, leave_counter

METER = flm03()
NOW = datetime.fromisoformat("2026-03-29T10:20:00+02:00")
MIDNIGHT = int(datetime.fromisoformat("2026-03-29T00:00:00+01:00").timestamp())
TEN = int(datetime.fromisoformat("2026-03-29T10:00:00+02:00").timestamp())


class Auditor:
    """An auditor with one counter that records the requested periods."""

    def __init__(self, unique_id: str, fill: Callable[[], Any]) -> None:
        self.refusals: list[Refusal] = []
        self.filled_until = FilledUntil(list)
        self.periods: list[tuple[int, int]] = []
        self._unique_id = unique_id
        self._fill = fill

    async def async_audit(self, begin: int, end: int) -> list[Audit]:
        """Return two hours, one of which has no row."""
        self.periods.append((begin, end))
        hours = (
            AuditedHour(MIDNIGHT, 5.5, 5.5, "agrees"),
            AuditedHour(MIDNIGHT + HOUR, None, 6.5, "no_row"),
        )
        return [Audit(self._unique_id, "Wh", hours)]

    async def async_fill(self, begin: int, end: int) -> Outcome:
        """Fill one gap, and refuse another."""
        self.periods.append((begin, end))
        self.refusals.append(Refusal(self._unique_id, MIDNIGHT, MIDNIGHT + 3 * HOUR, "ends_off"))
        return Outcome((await self._fill(),), tuple(self.refusals))

    async def async_stop(self) -> None:
        """Nothing to stop."""


@pytest.fixture(autouse=True)
def _this_integration(
    recorder_mock: Recorder, enable_custom_integrations: None, freezer: FrozenDateTimeFactory
) -> None:
    """Let Home Assistant record, on a day with 23 hours."""
    freezer.move_to(NOW)


@pytest.fixture
async def entry(hass: HomeAssistant, broker: Broker) -> MockConfigEntry:
    """A meter whose first counter has an hour before a gap."""
    await hass.config.async_set_time_zone("Europe/Brussels")
    entry = await set_up(hass, broker, METER)
    await leave_counter(hass, energy(hass), "kWh", [(MIDNIGHT - HOUR, 5.0, 1.0)])
    return entry


@pytest.fixture
def auditor(hass: HomeAssistant, entry: MockConfigEntry) -> Auditor:
    """The auditor of the meter."""
    unique_id, runtime = entity_of(hass, METER, 1, "counter").unique_id, entry.runtime_data
    rows = [Row(MIDNIGHT + HOUR, 6000, 2000), Row(MIDNIGHT + 2 * HOUR, 8214, 4214)]

    async def fill() -> Any:
        now = dt_util.utcnow().timestamp()
        return await runtime.fill_log.async_fill(unique_id, rows, unit="Wh", amount=3214, at=now)

    auditor = Auditor(unique_id, fill)
    entry.runtime_data = replace(runtime, history=auditor)
    return auditor


def energy(hass: HomeAssistant) -> str:
    """The entity of the first counter."""
    return entity_of(hass, METER, 1, "counter").entity_id


async def act(hass: HomeAssistant, entry: MockConfigEntry, action: str, **fields: str) -> Any:
    """Call an action, and return its response."""
    return await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry_id": entry.entry_id, **fields},
        blocking=True,
        return_response=True,
    )


async def test_an_audit_returns_for_each_hour_what_is_recorded_and_what_the_meter_has(
    hass: HomeAssistant, entry: MockConfigEntry, auditor: Auditor
) -> None:
    answer = await act(
        hass, entry, "audit_history", start="2026-03-29 00:40:00", end="2026-03-29 09:10:00"
    )

    assert auditor.periods == [(MIDNIGHT, TEN)]
    assert answer == {
        "counters": [
            {
                "entity_id": energy(hass),
                "unit": "Wh",
                "hours": [
                    {
                        "hour": "2026-03-29T00:00:00+01:00",
                        "recorded": 5.5,
                        "meter": 5.5,
                        "finding": "agrees",
                    },
                    {
                        "hour": "2026-03-29T01:00:00+01:00",
                        "recorded": None,
                        "meter": 6.5,
                        "finding": "no_row",
                    },
                ],
            }
        ]
    }


async def test_filling_returns_what_was_filled_and_what_was_refused(
    hass: HomeAssistant, entry: MockConfigEntry, auditor: Auditor
) -> None:
    answer = await act(hass, entry, "fill_history")

    assert auditor.periods == [(0, TEN + HOUR)]
    assert answer == {
        "filled": [
            {
                "entity_id": energy(hass),
                "begin": "2026-03-29T01:00:00+01:00",
                "end": "2026-03-29T04:00:00+02:00",
                "hours": 2,
                "amount": 3.214,
                "unit": "kWh",
            }
        ],
        "refused": [
            {
                "entity_id": energy(hass),
                "begin": "2026-03-29T00:00:00+01:00",
                "end": "2026-03-29T04:00:00+02:00",
                "hours": 3,
                "reason": "ends_off",
            }
        ],
    }


async def test_a_given_period_is_filled(
    hass: HomeAssistant, entry: MockConfigEntry, auditor: Auditor
) -> None:
    period = {"start": "2026-03-29T00:00:00+01:00", "end": "2026-03-29T09:30:00+02:00"}

    await act(hass, entry, "fill_history", **period)

    assert auditor.periods == [(MIDNIGHT, TEN)]


async def test_a_period_ends_now_at_the_latest(
    hass: HomeAssistant, entry: MockConfigEntry, auditor: Auditor
) -> None:
    await act(hass, entry, "audit_history", start="2026-03-29 00:00:00", end="2027-01-01 00:00:00")

    assert auditor.periods == [(MIDNIGHT, TEN + HOUR)]


@pytest.mark.parametrize(
    ("period", "key"),
    [
        (("2026-03-29 08:00:00", "2026-03-29 08:00:00"), "no_period"),
        (("2026-03-29 08:00:00", "2026-03-28 08:00:00"), "no_period"),
        (("2026-03-29 10:20:00", "2026-03-30 08:00:00"), "no_period"),
        (("2026-02-26 09:19:59", "2026-03-29 10:59:59"), "period_too_long"),
        (("0001-01-01 00:00:00", "9999-12-31 23:59:59"), "period_too_long"),
    ],
)
async def test_a_period_that_is_empty_or_too_long_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, auditor: Auditor, period: tuple[str, str], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await act(hass, entry, "audit_history", start=period[0], end=period[1])

    assert error.value.translation_key == key
    assert auditor.periods == []


async def test_an_audit_needs_its_period(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    with pytest.raises(vol.Invalid):
        await act(hass, entry, "audit_history", start="2026-03-29 08:00:00")


@pytest.mark.parametrize("action", ["audit_history", "fill_history"])
async def test_a_meter_whose_memory_is_not_listened_to_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, action: str
) -> None:
    entry.runtime_data = replace(entry.runtime_data, history=None)
    period = {"start": "2026-03-29 08:00:00", "end": "2026-03-29 09:00:00"}

    with pytest.raises(ServiceValidationError) as error:
        await act(hass, entry, action, **period)

    assert error.value.translation_key == "history_not_listened_to"


async def test_a_meter_that_is_not_loaded_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_unload(entry.entry_id)

    for action in ("fill_history", "restore_history"):
        with pytest.raises(ServiceValidationError):
            await act(hass, entry, action)


async def test_the_diagnostics_have_what_was_filled_and_refused_without_ids(
    hass: HomeAssistant, entry: MockConfigEntry, auditor: Auditor
) -> None:
    await act(hass, entry, "fill_history")

    data: Any = await async_get_config_entry_diagnostics(hass, entry)

    history = data["history"]
    [filled], [refused] = history["filled"], history["refused"]
    assert history["listening"]
    assert (filled["hours"], filled["amount"], filled["unit"]) == (2, 3.214, "kWh")
    assert filled["begin"] == MIDNIGHT + HOUR
    assert filled["replaced"] == []
    assert refused["reason"] == "ends_off"
    unique_id = entity_of(hass, METER, 1, "counter").unique_id
    assert unique_id not in str(history)
    assert METER.device_id not in str(history)
