"""Where a repair leads to: a section of docs/troubleshooting.md that is there."""

from pathlib import Path
import re

from homeassistant.core import HomeAssistant

from custom_components.flukso.help_pages import help_url

from .broker import Broker
from .home import set_up
from .meters import flm03
from .texts import texts

_PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.md"


async def test_every_repair_leads_to_a_section_that_tells_more(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, flm03())
    headings = re.findall(r"^## (.+)$", _PAGE.read_text("utf-8"), re.MULTILINE)
    sections = {heading.lower().replace(" ", "-") for heading in headings}

    led_to = {help_url(hass, issue) for issue in texts("en")["issues"]}

    address = "https://github.com/flukso-home-assistant/flukso/blob/main/docs/troubleshooting.md"
    assert led_to <= {f"{address}#{section}" for section in sections}
