"""Home Assistant's pages in Chromium, as a user sees them, and pictures of them."""

from base64 import b64decode
from collections.abc import AsyncGenerator
import contextlib
from io import BytesIO
import os
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from stack import HomeAssistant

from .parts import require_browser

#: How long a page may take to show what it should (ms): the machine may be busy.
_PATIENCE = 30_000

#: What Home Assistant keeps in the browser: the sidebar's state, which is hidden here.
_HABITS = "localStorage.setItem('dockedSidebar', '\"always_hidden\"')"

#: Icons and images come after the text that they belong to.
_DRAWN = """() => {
  const roots = [document];
  for (const root of roots)
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) roots.push(each.shadowRoot);
      const isDrawn = {
        "img": () => each.complete,
        "ha-icon": () => each.shadowRoot?.childElementCount,
        "ha-svg-icon": () => each.shadowRoot?.querySelector("path"),
        "ha-state-icon": () => each.shadowRoot?.childElementCount,
        "ha-spinner": () => false,
      }[each.localName];
      if (isDrawn && each.checkVisibility({ checkOpacity: true }) && !isDrawn()) return false;
    }
  return true;
}"""

#: What is logged if a browser leaves a page while aiohttp compresses a large message for it.
_HAS_LEFT = "Error doing job: ClientConnectionResetError exception in shielded future"


@contextlib.asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    """A running browser; skips the test where there is none to be had."""
    program = require_browser()
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
        base_url=home.url,
        viewport={"width": 1024, "height": 860},
        timezone_id="Europe/Brussels",
        reduced_motion="reduce",
    )
    context.set_default_timeout(_PATIENCE)
    expect.set_options(timeout=_PATIENCE)
    await context.add_init_script(_HABITS)
    try:
        page = await context.new_page()
        await page.goto("/profile")
        await page.get_by_text("You are an owner").wait_for()
        yield page
    finally:
        await context.close()


class Camera:
    """Takes pictures of a page: into the folder that PICTURES names, for scripts/pictures."""

    def __init__(self, page: Page, folder: Path) -> None:
        """Look at a page; `folder` is for the pictures that nobody asked for."""
        self._page = page
        self._folder = Path(os.environ.get("PICTURES") or folder)

    async def take(self, name: str, width: int = 1024, height: int = 860) -> None:
        """Wait until nothing is missing from the page, and write it to NAME.png."""
        await self._page.set_viewport_size({"width": width, "height": height})
        await self._page.wait_for_function(_DRAWN)
        await self._page.screenshot(path=self._folder / f"{name}.png", animations="disabled")


async def coloured(canvas: Locator) -> int:
    """How many pixels of a drawing are neither white, grey nor black: its axes and grid are."""
    url = await canvas.evaluate("canvas => canvas.toDataURL()")
    drawn = Image.open(BytesIO(b64decode(url.partition(",")[2]))).convert("RGBA")
    on_white = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn)
    saturation = on_white.convert("HSV").getchannel("S").histogram()
    return sum(saturation[64:])


def errors_in(log: Path) -> list[str]:
    """Return the errors in the log of Home Assistant, but not that a browser has left."""
    lines = log.read_text().splitlines()
    return [line for line in lines if " ERROR " in line and _HAS_LEFT not in line]
