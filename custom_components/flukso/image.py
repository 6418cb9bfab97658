"""Images of the waveform of each clamp: voltage and current over one cycle of the mains."""

from functools import partial
from typing import override

from homeassistant.components.image import ImageEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .devices import device_info
from .entity import FluksoEntity, async_sync_entities
from .entity_lookup import port_unique_id
from .models import FluksoConfigEntry
from .waveform.drawing import draw
from .waveform.oscilloscope import Oscilloscope

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FluksoConfigEntry,
    _async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the waveforms of a meter, also of clamps that it enables later."""
    waveforms = entry.runtime_data.waveforms
    create = partial(FluksoWaveform, hass, entry)
    await async_sync_entities(hass, entry, waveforms.oscilloscopes, create)


class FluksoWaveform(FluksoEntity, ImageEntity):
    """The last capture of an oscilloscope, drawn when the image is requested."""

    _attr_content_type = "image/svg+xml"
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False
    _attr_translation_key = "waveform"

    def __init__(
        self, hass: HomeAssistant, entry: FluksoConfigEntry, oscilloscope: Oscilloscope
    ) -> None:
        device_id = entry.runtime_data.meter.device_id
        unique_id = port_unique_id(device_id, oscilloscope.port, "waveform")
        FluksoEntity.__init__(
            self, oscilloscope, unique_id, device_info(hass, entry, oscilloscope.sensor)
        )
        ImageEntity.__init__(self, hass)
        self._oscilloscope = oscilloscope

    @override
    def _take_value(self) -> None:
        capture = self._oscilloscope.capture
        if capture is not None:
            self._attr_image_last_updated = dt_util.utc_from_timestamp(capture.at)

    @override
    async def async_image(self) -> bytes | None:
        """Return the drawing as SVG."""
        capture = self._oscilloscope.capture
        if capture is None:
            return None
        return draw(capture.voltage.samples, capture.current_in_phase).encode()
