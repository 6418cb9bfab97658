"""A counter that leaps: it carries on, and the user decides whether the leap counts."""

from datetime import UTC, datetime
from typing import Any

from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flukso.const import DOMAIN
from custom_components.flukso.formats import readable_number, readable_time

from .broker import Broker
from .home import let_pass, set_up_and_read, value_of
from .meters import Meter, flm03, reading

pytestmark = pytest.mark.usefixtures("freezer")


@pytest.fixture
def meter() -> Meter:
    """A meter whose first counter stood at 2593.8054 kWh."""
    return flm03()


@pytest.fixture
async def entry(
    hass: HomeAssistant, broker: Broker, meter: Meter, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """The meter's entry, after its counter has begun anew and counted 1.5 kWh in ten minutes."""
    entry = await set_up_and_read(hass, broker, meter)
    freezer.tick(600)
    await count(hass, broker, meter, freezer, "1500.000", "1500.250", "1500.500")
    return entry


async def count(
    hass: HomeAssistant,
    broker: Broker,
    meter: Meter,
    freezer: FrozenDateTimeFactory,
    *values: str,
    slot: int = 1,
) -> None:
    """Let a counter say these values, one a second."""
    for value in values:
        freezer.tick(1)
        await broker.publish(meter.topic(slot, "counter"), reading(value, "Wh"))
    await let_pass(hass, broker, freezer, 5)


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """What waits for the user to repair."""
    return [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN]


async def open_repair(hass: HomeAssistant, client: TestClient[Any, Any]) -> dict[str, Any]:
    """Open the repair; the answer is what it offers."""
    [issue] = issues(hass)
    answer = await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue.issue_id}
    )
    menu: dict[str, Any] = await answer.json()
    assert menu["description_placeholders"] == issue.translation_placeholders
    return menu


async def choose(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, choice: str
) -> dict[str, Any]:
    """Open the repair and choose a way on; the answer is how it ends."""
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    menu = await open_repair(hass, client)
    assert choice in menu["menu_options"]
    answer = await client.post(
        f"/api/repairs/issues/fix/{menu['flow_id']}", json={"next_step_id": choice}
    )
    result: dict[str, Any] = await answer.json()
    return result


async def test_a_counter_that_leaps_carries_on_and_is_told_of(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry
) -> None:
    assert value_of(hass, meter, 1, "counter") == pytest.approx(2593.8054, abs=0.001)

    [issue] = issues(hass)
    assert issue.translation_key == "counter_began_anew"
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.is_fixable
    assert issue.translation_placeholders is not None
    told = issue.translation_placeholders
    assert told["name"] == "main (port 1) Active energy import"
    assert told["entity_id"] == "sensor.fluksometer_main_port_1_active_energy_import"
    assert (told["old"], told["new"], told["unit"]) == ("2,593.805", "1.500", "kWh")
    assert told["difference"] == "1.500"


async def test_the_user_can_leave_a_leap_at_that(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    result = await choose(hass, hass_client, "carry_on")

    assert result["type"] == "create_entry"
    assert issues(hass) == []
    assert value_of(hass, meter, 1, "counter") == pytest.approx(2593.8054, abs=0.001)


async def test_the_user_can_book_a_leap(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    result = await choose(hass, hass_client, "book")

    assert result["type"] == "create_entry"
    assert issues(hass) == []
    assert value_of(hass, meter, 1, "counter") == pytest.approx(2593.8054 + 1.5005, abs=0.001)


async def test_a_leap_cannot_be_booked_while_the_meter_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await hass.config_entries.async_unload(entry.entry_id)

    result = await choose(hass, hass_client, "book")

    assert (result["type"], result["reason"]) == ("abort", "not_loaded")
    assert len(issues(hass)) == 1


async def test_a_leap_cannot_be_booked_while_the_sensor_is_disabled(
    hass: HomeAssistant,
    broker: Broker,
    meter: Meter,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    await broker.publish(*meter.changed(1, enable=0).sensor_report)

    result = await choose(hass, hass_client, "book")

    assert (result["type"], result["reason"]) == ("abort", "not_loaded")


async def test_what_waits_for_repair_goes_with_the_meter(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    ir.async_create_issue(
        hass,
        "sun",
        f"of_another_integration_{entry.entry_id}",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="other",
    )

    await hass.config_entries.async_remove(entry.entry_id)

    assert issues(hass) == []
    assert [issue.domain for issue in ir.async_get(hass).issues.values()] == ["sun"]


@pytest.mark.parametrize(
    "values",
    [
        ("2400000.000", "2400000.500", "2400001.000"),
        ("1200000.000", "1200000.500", "1200001.000"),
        ("9000000.000", "9000000.500", "9000001.000"),
    ],
    ids=["an older value", "half of it", "a leap"],
)
async def test_what_the_input_cannot_have_counted_is_not_offered(
    hass: HomeAssistant,
    broker: Broker,
    meter: Meter,
    freezer: FrozenDateTimeFactory,
    *,
    hass_client: ClientSessionGenerator,
    values: tuple[str, ...],
) -> None:
    """A board that restored a backup: the whole count would be a spike by the user's own hand."""
    await set_up_and_read(hass, broker, meter)
    freezer.tick(600)
    await count(hass, broker, meter, freezer, *values)
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()

    menu = await open_repair(hass, client)
    assert menu["step_id"] == "unknown_amount"
    assert menu["menu_options"] == ["carry_on"]
    await choose(hass, hass_client, "carry_on")

    assert issues(hass) == []
    assert value_of(hass, meter, 1, "counter") == pytest.approx(2593.8054, abs=0.002)


@pytest.mark.parametrize(("choice", "shown"), [("carry_on", 2593.8059), ("book", 2595.3059)])
async def test_after_a_reload_the_user_can_still_choose(
    hass: HomeAssistant,
    broker: Broker,
    meter: Meter,
    entry: MockConfigEntry,
    *,
    hass_client: ClientSessionGenerator,
    choice: str,
    shown: float,
) -> None:
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    result = await choose(hass, hass_client, choice)

    assert result["type"] == "create_entry"
    assert issues(hass) == []
    assert value_of(hass, meter, 1, "counter") == pytest.approx(shown)


async def test_an_older_break_of_the_same_counter_is_withdrawn_when_a_newer_is_told_of(
    hass: HomeAssistant,
    broker: Broker,
    meter: Meter,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await count(hass, broker, meter, freezer, "10.000", "10.250", "10.500")

    await count(hass, broker, meter, freezer, "10.000", "10.250", "10.500", slot=2)

    told = [issue.translation_placeholders or {} for issue in issues(hass)]
    assert [(each["name"], each["new"]) for each in told] == [
        ("main (port 1) Active energy import", "0.010"),
        ("main (port 1) Active energy export", "0.010"),
    ]


async def test_a_counter_that_jumped_ahead_is_not_said_to_have_begun_anew(
    hass: HomeAssistant, broker: Broker, meter: Meter, freezer: FrozenDateTimeFactory
) -> None:
    hass.config.language = "de"
    await hass.config.async_set_time_zone("UTC")
    freezer.move_to("2026-11-20T08:00:00+00:00")
    await set_up_and_read(hass, broker, meter)
    freezer.tick(600)

    await count(hass, broker, meter, freezer, "9000000.000", "9000000.500", "9000001.000")

    [issue] = issues(hass)
    assert issue.translation_key == "counter_break"
    told = issue.translation_placeholders or {}
    assert (told["old"], told["new"]) == ("2.593,805", "9.000")
    assert told["seen"] == "20.11.2026, 08:10"


@pytest.mark.parametrize(
    ("language", "number", "whole", "time"),
    [
        ("en", "1,234,567.890", "1,000", "3 December 2026, 09:05"),
        ("en-GB", "1,234,567.890", "1,000", "3 December 2026, 09:05"),
        ("nl", "1.234.567,890", "1.000", "03-12-2026 09:05"),
        ("de", "1.234.567,890", "1.000", "03.12.2026, 09:05"),
        ("de-CH", "1.234.567,890", "1.000", "03.12.2026, 09:05"),
        ("fr", "1\u202f234\u202f567,890", "1\u202f000", "03/12/2026 09:05"),
    ],
)
async def test_numbers_and_times_are_written_as_the_language_does(
    hass: HomeAssistant, language: str, number: str, whole: str, time: str
) -> None:
    hass.config.language = language
    await hass.config.async_set_time_zone("UTC")

    assert readable_number(hass, 1_234_567.89, 3) == number
    assert readable_number(hass, 1_000, 3) == whole
    assert readable_time(hass, datetime(2026, 12, 3, 9, 5, tzinfo=UTC).timestamp()) == time


def older_issue(hass: HomeAssistant, entry: MockConfigEntry, difference: float) -> None:
    """Replace the issue by that of an earlier version, which did not know what was possible."""
    [issue] = issues(hass)
    assert issue.data is not None
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue.issue_id,
        data={
            "entry_id": entry.entry_id,
            "counter": issue.data["counter"],
            "difference": difference,
        },
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="counter_break",
        translation_placeholders=issue.translation_placeholders,
    )


async def test_an_issue_of_an_earlier_version_can_be_settled(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    older_issue(hass, entry, 1500.0)

    await choose(hass, hass_client, "book")

    assert issues(hass) == []
    assert value_of(hass, meter, 1, "counter") == pytest.approx(2593.8054 + 1.5005, abs=0.001)


async def test_an_issue_of_an_earlier_version_offers_nothing_impossible(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    """A clamp of 50 A counts 450 kWh in a day at the most."""
    older_issue(hass, entry, 2_400_000.0)
    assert await async_setup_component(hass, "repairs", {})

    menu = await open_repair(hass, await hass_client())

    assert menu["menu_options"] == ["carry_on"]


async def test_an_impossible_booking_that_was_offered_before_loading_is_not_made(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    older_issue(hass, entry, 2_400_000.0)
    assert await async_setup_component(hass, "repairs", {})
    await hass.config_entries.async_unload(entry.entry_id)
    client = await hass_client()
    menu = await open_repair(hass, client)
    assert menu["menu_options"] == ["carry_on", "book"]
    await hass.config_entries.async_setup(entry.entry_id)

    answer = await client.post(
        f"/api/repairs/issues/fix/{menu['flow_id']}", json={"next_step_id": "book"}
    )

    assert (await answer.json())["menu_options"] == ["carry_on"]
    assert len(issues(hass)) == 1
