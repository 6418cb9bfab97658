"""The pages of the documentation that repairs lead to."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_loaded_integration

from .const import DOMAIN

#: The section of docs/troubleshooting.md about each issue, by its translation key.
_SECTIONS = {
    "silent": "no-readings",
    "unreachable": "no-readings",
    "no_readings": "no-readings",
    "no_readings_direct": "no-readings",
    "other_prefix": "topic-prefixes",
    "two_prefixes": "topic-prefixes",
    "no_configuration": "no-configuration",
    "no_configuration_direct": "no-configuration",
    "unreadable_configuration": "no-configuration",
    "unknown_settings": "no-configuration",
    "clock_wrong": "the-clock",
    "clock_stopped": "the-clock",
    "counter_began_anew": "counters",
    "counter_break": "counters",
    "counter_stuck": "counters",
}


@callback
def help_url(hass: HomeAssistant, issue: str) -> str:
    """Return the address of the section about an issue."""
    documentation = async_get_loaded_integration(hass, DOMAIN).documentation
    return f"{documentation}/blob/main/docs/troubleshooting.md#{_SECTIONS[issue]}"
