"""The dialogs of the Energy dashboard, what is picked in them, and what it should show."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
import re
from zoneinfo import ZoneInfo

from playwright.async_api import Locator, Page, expect

from stack.client import Client

METER = "sensor.fluksometer"
_ITSELF = "Fluksometer"
_GAS, _WATER = f"{_ITSELF} ▸ gas", f"{_ITSELF} ▸ water"


@dataclass(frozen=True)
class Dialog:
    """One source of energy.

    Attributes:
        tab: the tab of the settings that it is on.
        source: what it is called on the button that adds one.
        picked: the name and the device of what is picked in each field, as one release or another
            of Home Assistant tells them.
        entities: the ids of these, without what all of the meter's begin with.
        first: what must be chosen before the last field is there.
    """

    tab: str
    source: str
    picked: Mapping[str, Sequence[tuple[str, str]]]
    entities: Collection[str]
    first: str | None = None

    @property
    def chosen(self) -> set[str]:
        """The ids of the entities that are picked."""
        return {f"{METER}_{name}" for name in self.entities}

    async def fill_in(self, page: Page) -> None:
        """Open it, and search each field for a name."""
        await page.goto("/config/energy")
        await page.get_by_role("link", name=self.tab, exact=True).click()
        await page.get_by_role("button", name=f"Add {self.source}").click()
        if self.first is not None:
            await page.get_by_text(self.first, exact=True).click()
        for field, offers in self.picked.items():
            await _pick(page, field, offers)

    async def save(self, page: Page) -> None:
        """Close it with its button."""
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("dialog").wait_for(state="hidden")


#: Until 2026.10 Home Assistant leaves out of an entity's name what its device is called.
DIALOGS = (
    Dialog(
        "Electricity",
        "grid connection",
        {
            "Energy imported from grid": [("Net energy import", _ITSELF)],
            "Energy exported to grid": [("Net energy export", _ITSELF)],
            "Power measurement": [("Net active power", _ITSELF)],
        },
        ("net_energy_import", "net_energy_export", "net_active_power"),
        first="Standard",
    ),
    Dialog(
        "Electricity",
        "solar production",
        {
            "Solar production energy": [("Energy", f"{_ITSELF} ▸ solar")],
            "Solar production power": [("Power", f"{_ITSELF} ▸ solar")],
        },
        ("solar_energy", "solar_power"),
    ),
    Dialog(
        "Gas",
        "gas source",
        {
            "Gas consumption": [("Consumption", _GAS)],
            "Gas flow rate": [("Flow", _GAS)],
        },
        ("gas_consumption", "gas_flow"),
    ),
    Dialog(
        "Water",
        "water source",
        {
            "Water consumption": [("Consumption", _WATER)],
            "Water flow rate": [("Flow", _WATER)],
        },
        ("water_consumption", "water_flow"),
    ),
)

#: Those of them that count.
COUNTERS = {
    entity_id
    for dialog in DIALOGS
    for entity_id in dialog.chosen
    if not entity_id.endswith(("_power", "_flow"))
}


async def _pick(page: Page, field: str, offers: Sequence[tuple[str, str]]) -> None:
    picker = page.locator("ha-statistic-picker").filter(has_text=field)
    await picker.locator("ha-picker-field").click()
    offered = picker.locator("ha-picker-combo-box")
    await offered.locator("input").fill(offers[0][0])
    items = [
        offered.locator("ha-combo-box-item")
        .filter(has=page.get_by_text(name, exact=True))
        .filter(has=page.get_by_text(device, exact=True))
        for name, device in offers
    ]
    await reduce(Locator.or_, items).click()
    names = re.compile("|".join(name for name, _ in offers))
    await expect(picker.locator("ha-picker-field")).to_contain_text(names)


async def used_yesterday(client: Client) -> Mapping[str, float]:
    """What the counters counted in the day before this one, by the statistics there are."""
    today = datetime.now(ZoneInfo("Europe/Brussels")).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    days = await client.call(
        "recorder/statistics_during_period",
        start_time=(today - timedelta(days=1)).isoformat(),
        end_time=(today - timedelta(seconds=1)).isoformat(),
        statistic_ids=sorted(COUNTERS),
        period="day",
        types=["change"],
    )
    return {entity_id: sum(day["change"] for day in found) for entity_id, found in days.items()}
