"""Actions on waveforms: one look at a clamp."""

import asyncio
from datetime import UTC, datetime

from homeassistant.const import CONF_DEVICE_ID, UnitOfElectricCurrent, UnitOfElectricPotential
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
from homeassistant.helpers.service import async_get_device_and_config_entry
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from .const import DOMAIN
from .devices import part_of
from .metering.waves import rms
from .protocol.waveform import Waveform
from .runtime import FluksoConfigEntry, Runtime
from .scope import Look, Scope
from .waveforms import figures_of

#: How long an action waits for a waveform (s).
WITHIN = 10

_DECIMALS = 3


@callback
def async_setup_waveform_actions(hass: HomeAssistant) -> None:
    """Let users capture a waveform."""

    async def capture(call: ServiceCall) -> ServiceResponse:
        device, entry = async_get_device_and_config_entry(hass, DOMAIN, call.data[CONF_DEVICE_ID])
        scope = _scope_of(entry, device)
        name = device.name_by_user or device.name or ""
        look = await async_look(hass, entry.runtime_data, scope)
        if look is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="no_waveform",
                translation_placeholders={"name": name, "seconds": str(WITHIN)},
            )
        return {"port": scope.port, "name": name, **_told(look)}

    hass.services.async_register(
        DOMAIN,
        "capture_waveform",
        capture,
        vol.Schema({vol.Required(CONF_DEVICE_ID): cv.string}),
        SupportsResponse.ONLY,
    )


async def async_look(hass: HomeAssistant, runtime: Runtime, scope: Scope) -> Look | None:
    """Look at the clamp of a scope as soon as possible; None if there was nothing to see."""
    own = runtime.waveforms.another(scope)
    done = asyncio.Event()
    stop_waiting = async_call_later(hass, WITHIN, callback(lambda _now: done.set()))
    stop_listening = await own.async_listen(done.set)
    try:
        await done.wait()
    finally:
        stop_listening()
        stop_waiting()
    return own.look


def _scope_of(entry: FluksoConfigEntry, device: dr.AnyDeviceEntry) -> Scope:
    """The scope of the clamp that is this device.

    Raises:
        ServiceValidationError: it is none.
    """
    runtime = entry.runtime_data
    for scope in runtime.waveforms.scopes():
        if part_of(runtime.meter, scope.sensor).identifier in device.identifiers:
            return scope
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_a_clamp",
        translation_placeholders={"name": device.name_by_user or device.name or ""},
    )


def _told(look: Look) -> JsonObjectType:
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
