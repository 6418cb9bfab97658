"""What a user does in Home Assistant's pages, again and again."""

from playwright.async_api import Page


async def open_integration(page: Page) -> None:
    """Go to the page with the meter's entry."""
    await page.goto("/config/integrations/integration/flukso")
    await page.locator("ha-config-entry-row").get_by_text("L1", exact=True).wait_for()


async def open_options(page: Page) -> None:
    """Press the entry's cogwheel."""
    entry = page.locator("ha-config-entry-row")
    await entry.get_by_role("button", name="Configure").first.click()
    await page.get_by_text("How often states are written").click()
    await page.get_by_text("Ports of the supply").wait_for()


async def choose_in_menu(page: Page, what: str) -> None:
    """Choose from the three dots beside the entry."""
    entry = page.locator("ha-config-entry-row")
    await entry.get_by_role("button", name="Menu").first.click()
    await page.get_by_role("menuitem", name=what).click()
