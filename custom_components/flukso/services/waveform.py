"""Actions that look at clamps: one waveform, and whether all are installed as they should be."""

import asyncio
from datetime import UTC, datetime
from functools import partial

from homeassistant.const import (
    ATTR_CONFIG_ENTRY_ID,
    CONF_DEVICE_ID,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
)
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.service import async_get_config_entry, async_get_device_and_config_entry
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.json import JsonArrayType, JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..devices import part_of
from ..health.installation_check import async_listen_to_clamps, seen_of
from ..metering.clamp_checks import Finding, Trouble, judge
from ..metering.waveform_analysis import rms
from ..models import FluksoConfigEntry, FluksoData
from ..protocol.waveform import Waveform
from ..transport.home_assistant import Transport
from ..waveform.oscilloscope import Capture, Oscilloscope
from ..waveform.waveforms import figures_of

#: How long an action listens (s).
_SECONDS = 10

_DECIMALS = 3


@callback
def async_setup_waveform_actions(hass: HomeAssistant) -> None:
    """Register the actions."""

    async def capture(call: ServiceCall) -> ServiceResponse:
        device, entry = async_get_device_and_config_entry(hass, DOMAIN, call.data[CONF_DEVICE_ID])
        oscilloscope = _oscilloscope_of(entry, device)
        name = device.name_by_user or device.name or ""
        look = await _async_look(hass, entry.runtime_data, oscilloscope)
        if look is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="no_waveform",
                translation_placeholders={"name": name, "seconds": str(_SECONDS)},
            )
        return {"port": oscilloscope.port, "name": name, **_told(look)}

    async def check(call: ServiceCall) -> ServiceResponse:
        entry: FluksoConfigEntry = async_get_config_entry(
            hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
        )
        return {"clamps": await _async_check(hass, entry.runtime_data)}

    for name, action, field in (
        ("capture_waveform", capture, CONF_DEVICE_ID),
        ("check_installation", check, ATTR_CONFIG_ENTRY_ID),
    ):
        schema = vol.Schema({vol.Required(field): cv.string})
        hass.services.async_register(DOMAIN, name, action, schema, SupportsResponse.ONLY)


async def _async_look(
    hass: HomeAssistant, runtime: FluksoData, oscilloscope: Oscilloscope
) -> Capture | None:
    """Look at the clamp of a scope as soon as possible; None if there was nothing to see."""
    own, done = runtime.waveforms.another(oscilloscope), asyncio.Event()
    stop_listening = await own.async_listen(done.set)
    try:
        await _async_wait(hass, done)
    finally:
        stop_listening()
    return own.look


async def _async_wait(hass: HomeAssistant, done: asyncio.Event) -> None:
    """Wait until it is done, or time is up."""
    stop_waiting = async_call_later(hass, _SECONDS, callback(lambda _now: done.set()))
    try:
        await done.wait()
    finally:
        stop_waiting()


async def _async_check(hass: HomeAssistant, runtime: FluksoData) -> JsonArrayType:
    """Look at all clamps and listen to them meanwhile, and judge each."""
    oscilloscopes, configuration = runtime.waveforms.oscilloscopes(), runtime.meter.configuration
    wait = partial(_async_wait, hass, asyncio.Event())
    means, looks = await asyncio.gather(
        async_listen_to_clamps(runtime.meter, Transport(hass), wait),
        asyncio.gather(
            *(_async_look(hass, runtime, oscilloscope) for oscilloscope in oscilloscopes)
        ),
    )
    texts = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    checked: JsonArrayType = []
    for oscilloscope, look in zip(oscilloscopes, looks, strict=True):
        part, shape = part_of(runtime.meter, oscilloscope.sensor), figures_of(look) if look else {}
        seen = seen_of(oscilloscope.sensor, means, configuration, shape)
        name = part.name or part.place
        findings: JsonArrayType = [_in_words(each, name, texts) for each in judge(seen)]
        checked.append({"port": oscilloscope.port, "name": name, "findings": findings})
    return checked


def _in_words(finding: Finding, name: str, texts: dict[str, str]) -> JsonObjectType:
    """A finding with a sentence in the language of the house, and all figures that are in it."""
    figures: JsonObjectType = dict(finding.figures)
    if finding.trouble is Trouble.NOT_HEARD:
        figures["seconds"] = _SECONDS
    text = texts[f"component.{DOMAIN}.common.finding_{finding.trouble}"]
    return {
        "finding": finding.trouble,
        "text": text.format(name=name, **figures),
        "figures": figures,
    }


def _oscilloscope_of(entry: FluksoConfigEntry, device: dr.AnyDeviceEntry) -> Oscilloscope:
    """The scope of the clamp that is this device.

    Raises:
        ServiceValidationError: it is none.
    """
    runtime = entry.runtime_data
    for oscilloscope in runtime.waveforms.oscilloscopes():
        if part_of(runtime.meter, oscilloscope.sensor).identifier in device.identifiers:
            return oscilloscope
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_a_clamp",
        translation_placeholders={"name": device.name_by_user or device.name or ""},
    )


def _told(look: Capture) -> JsonObjectType:
    return {
        "voltage": _wave(look.voltage, UnitOfElectricPotential.VOLT),
        "current": _wave(look.current, UnitOfElectricCurrent.AMPERE),
        **figures_of(look),
    }


def _wave(wave: Waveform, unit: str) -> JsonObjectType:
    return {
        "time": datetime.fromtimestamp(wave.time, UTC).isoformat(),
        "unit": unit,
        "rms": round(rms(wave.samples), _DECIMALS),
        "samples": list(wave.samples),
    }
