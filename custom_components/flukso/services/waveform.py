"""The action that captures one waveform of a clamp."""

from dataclasses import replace
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
from homeassistant.helpers.service import async_get_device_and_config_entry
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..devices import part_of
from ..metering.waveform_analysis import rms
from ..models import FluksoConfigEntry
from ..protocol.waveform import Waveform
from ..waveform.capture import LISTEN_SECONDS, async_capture
from ..waveform.oscilloscope import Capture, Oscilloscope
from ..waveform.waveforms import figures_of

_DECIMALS = 3
_SCHEMA = vol.Schema({vol.Required(CONF_DEVICE_ID): cv.string})


@callback
def async_setup_waveform_action(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN, "capture_waveform", _async_capture_waveform, _SCHEMA, SupportsResponse.ONLY
    )


async def _async_capture_waveform(call: ServiceCall) -> ServiceResponse:
    """Return the next waveforms of a clamp and figures derived from them.

    Raises:
        ServiceValidationError: the device is not a clamp.
        HomeAssistantError: no waveform arrived in time.
    """
    device, entry = async_get_device_and_config_entry(call.hass, DOMAIN, call.data[CONF_DEVICE_ID])
    oscilloscope = _oscilloscope_of(entry, device)
    name = device.name_by_user or device.name or ""
    capture = await async_capture(call.hass, entry.runtime_data.waveforms, oscilloscope)
    if capture is None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="no_waveform",
            translation_placeholders={"name": name, "seconds": str(LISTEN_SECONDS)},
        )
    return {"port": oscilloscope.port, "name": name, **_capture_response(capture)}


def _oscilloscope_of(entry: FluksoConfigEntry, device: dr.AnyDeviceEntry) -> Oscilloscope:
    """Return the oscilloscope of the clamp that is this device.

    Raises:
        ServiceValidationError: the device is not a clamp.
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


def _capture_response(capture: Capture) -> JsonObjectType:
    current = replace(capture.current, samples=capture.current_in_phase)
    return {
        "voltage": _waveform_response(capture.voltage, UnitOfElectricPotential.VOLT),
        "current": _waveform_response(current, UnitOfElectricCurrent.AMPERE),
        "voltage_angle": capture.voltage_angle,
        **figures_of(capture),
    }


def _waveform_response(waveform: Waveform, unit: str) -> JsonObjectType:
    return {
        "time": datetime.fromtimestamp(waveform.time, UTC).isoformat(),
        "unit": unit,
        "rms": round(rms(waveform.samples), _DECIMALS),
        "samples": list(waveform.samples),
    }
