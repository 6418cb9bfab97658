"""The action that checks whether all clamps are installed as they should be."""

import asyncio
from functools import partial

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.json import JsonArrayType, JsonObjectType
import voluptuous as vol

from ..const import CONF_PRODUCTION_PORTS, DOMAIN
from ..devices import part_of
from ..health.installation_check import async_listen_to_clamps, clamp_figures
from ..metering.clamp_checks import Finding, Trouble, check_clamp
from ..models import FluksoConfigEntry
from ..waveform.waveforms import figures_of
from .waveform import LISTEN_SECONDS, async_capture, async_wait

_SCHEMA = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})


@callback
def async_setup_installation_check(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN, "check_installation", _async_check_installation, _SCHEMA, SupportsResponse.ONLY
    )


async def _async_check_installation(call: ServiceCall) -> ServiceResponse:
    """Capture the waveforms and the readings of all clamps, and return what may be wrong.

    Raises:
        ServiceValidationError: no such meter, or it is not loaded.
    """
    hass = call.hass
    entry: FluksoConfigEntry = async_get_config_entry(hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID])
    runtime = entry.runtime_data
    oscilloscopes, configuration = runtime.waveforms.oscilloscopes(), runtime.meter.configuration
    wait = partial(async_wait, hass, asyncio.Event())
    means, captures = await asyncio.gather(
        async_listen_to_clamps(runtime.meter, runtime.transport, wait),
        asyncio.gather(
            *(async_capture(hass, runtime, oscilloscope) for oscilloscope in oscilloscopes)
        ),
    )
    texts = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    chosen = map(str, entry.options.get(CONF_PRODUCTION_PORTS, []))
    sources = {int(port) for port in chosen if port.isdigit()}
    clamps: JsonArrayType = []
    for oscilloscope, capture in zip(oscilloscopes, captures, strict=True):
        part = part_of(runtime.meter, oscilloscope.sensor)
        shape = figures_of(capture) if capture else {}
        figures = clamp_figures(oscilloscope.sensor, means, configuration, shape, sources)
        name = part.name or part.place
        findings: JsonArrayType = [
            _finding_response(finding, name, texts) for finding in check_clamp(figures)
        ]
        clamps.append({"port": oscilloscope.port, "name": name, "findings": findings})
    return {"clamps": clamps}


def _finding_response(finding: Finding, name: str, texts: dict[str, str]) -> JsonObjectType:
    """Return a finding with a sentence in Home Assistant's language, and the figures in it."""
    figures: JsonObjectType = dict(finding.figures)
    if finding.trouble is Trouble.NO_READINGS:
        figures["seconds"] = LISTEN_SECONDS
    text = texts[f"component.{DOMAIN}.common.finding_{finding.trouble}"]
    return {
        "finding": finding.trouble,
        "text": text.format(name=name, **figures),
        "figures": figures,
    }
