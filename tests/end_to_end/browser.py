"""Home Assistant's pages in Chromium, as a user sees them."""

from collections.abc import AsyncGenerator
import contextlib
import os
import shutil

from playwright.async_api import Browser, Page, async_playwright
import pytest

from stack import HomeAssistant

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = {"width": 1280, "height": 900}


@contextlib.asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """A running browser; skips the test, saying why, where there is none to be had.

    In continuous integration there must be one.
    """
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        reason = "no browser: install chromium to see Home Assistant's pages"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def pages(browser: Browser, home: HomeAssistant) -> AsyncGenerator[Page]:
    """A tab in which the administrator of a passwordless Home Assistant is signed in."""
    context = await browser.new_context(
        base_url=home.url, viewport=_SIZE, timezone_id="Europe/Brussels"
    )
    context.set_default_timeout(30_000)
    try:
        page = await context.new_page()
        await page.goto("/profile")
        await page.get_by_text("Demo").first.wait_for()
        yield page
    finally:
        await context.close()
