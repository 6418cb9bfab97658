"""What a user does in Home Assistant's pages, again and again."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Page, expect

from stack import HomeAssistant


async def open_integration(page: Page) -> None:
    """Go to the page with the meter's entry."""
    await page.goto("/config/integrations/integration/flukso")
    await page.locator("ha-config-entry-row").get_by_text("L1", exact=True).wait_for()


async def open_options(page: Page) -> None:
    """Press the entry's cogwheel."""
    entry = page.locator("ha-config-entry-row")
    await entry.get_by_role("button", name="Configure").first.click()
    await page.get_by_text("Ports of the supply").wait_for()


async def choose_in_menu(page: Page, what: str) -> None:
    """Choose from the three dots beside the entry."""
    entry = page.locator("ha-config-entry-row")
    await entry.get_by_role("button", name="Menu").first.click()
    await page.get_by_role("menuitem", name=what).click()


async def pick_statistic(page: Page, field: str, name: str, device: str) -> None:
    """Search a field of an Energy dialog for a name, and pick that of the device."""
    picker = page.locator("ha-statistic-picker").filter(has_text=field)
    await picker.locator("ha-picker-field").click()
    offered = picker.locator("ha-picker-combo-box")
    await offered.locator("input").fill(name)
    item = offered.locator("ha-combo-box-item").filter(has=page.get_by_text(name, exact=True))
    await item.filter(has=page.get_by_text(device, exact=True)).click()
    await expect(picker.locator("ha-picker-field")).to_contain_text(name)


async def used_yesterday(home: HomeAssistant, entity_id: str) -> float:
    """What a counter counted in the day before this one, by the statistics."""
    today = datetime.now(ZoneInfo("Europe/Brussels")).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    days = await home.client.call(
        "recorder/statistics_during_period",
        start_time=(today - timedelta(days=1)).isoformat(),
        end_time=(today - timedelta(seconds=1)).isoformat(),
        statistic_ids=[entity_id],
        period="day",
        types=["change"],
    )
    [day] = days[entity_id]
    return float(day["change"])
