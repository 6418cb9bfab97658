"""What a user does in Home Assistant's pages, again and again."""

from playwright.async_api import Page, expect

#: The dialog of a flow.
DIALOG = "dialog-data-entry-flow"


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


async def open_energy_step(page: Page) -> None:
    """Press the entry's cogwheel, and choose to add it to the Energy dashboard."""
    entry = page.locator("ha-config-entry-row")
    await entry.get_by_role("button", name="Configure").first.click()
    await page.get_by_text("Add to the Energy dashboard").click()
    await page.get_by_text("What is ticked is added").wait_for()


async def leave_energy_step(page: Page) -> None:
    """Close the form that follows on adding a meter."""
    await page.get_by_text("What is ticked is added").wait_for()
    await close_dialog(page)


async def close_dialog(page: Page) -> None:
    """Close the dialog of a flow."""
    await page.locator(DIALOG).get_by_role("button", name="Close").first.click()
    await page.get_by_role("dialog").wait_for(state="hidden")


async def choose_in_menu(page: Page, what: str) -> None:
    """Choose from the three dots beside the entry."""
    entry = page.locator("ha-config-entry-row")
    await entry.get_by_role("button", name="Menu").first.click()
    await page.get_by_role("menuitem", name=what).click()


async def is_whole(page: Page, *sections: str) -> None:
    """Wait for the sections of a dashboard, and for no card to miss something."""
    for heading in sections:
        card = page.locator("hui-heading-card").get_by_text(heading, exact=True)
        await expect(card.first).to_be_visible()
    faults = page.locator("hui-error-card, hui-warning, hui-warning-element")
    await expect(faults.filter(visible=True)).to_have_count(0)
