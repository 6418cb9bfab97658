"""What is connected to each port: a device that is part of another one has no model to say it."""

from collections.abc import Collection
from typing import override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant

from .devices import device_info, part_of
from .entity import FluksoEntity
from .meter.input_limits import clamp_rating
from .meter.meter import Meter
from .meter.observable import Observable
from .models import FluksoConfigEntry
from .protocol.configuration import Configuration
from .protocol.sensors import Sensor, Source
from .sensor_descriptions import INPUT
from .transport.subscriptions import Subscriptions

ATTR_PORT = "port"


class PortInput(Observable):
    """What is connected to the port of a sensor, as the meter is configured."""

    def __init__(self, sensor: Sensor, kind: str) -> None:
        super().__init__()
        self.sensor = sensor
        self.kind = kind

    @property
    @override
    def available(self) -> bool:
        return True

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        """Nothing to start: with another configuration there is another one."""


class PortInputs:
    """Keeps the inputs of a meter's ports in line with its configuration."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._inputs: dict[tuple[Sensor, str], PortInput] = {}

    def current(self) -> Collection[PortInput]:
        """Return one for each port of the meter as configured now."""
        configuration = self._meter.configuration
        ports = {
            part_of(self._meter, sensor).identifier: sensor
            for sensor in sorted(self._meter.sensors, key=lambda sensor: sensor.sensor_id)
            if sensor.source is not Source.KUBE
        }
        keys = [(sensor, _kind(sensor, configuration)) for sensor in ports.values()]
        self._inputs = {key: self._inputs.get(key) or PortInput(*key) for key in keys}
        return self._inputs.values()


def _kind(sensor: Sensor, configuration: Configuration) -> str:
    """Return the option that says what is connected to the port of a sensor."""
    if sensor.source is Source.COSEM:
        return "smart_meter"
    if sensor.source is Source.PULSE:
        return "pulse"
    rated = f"clamp_{clamp_rating(sensor, configuration) or 0:g}"
    return rated if rated in (INPUT.options or ()) else "clamp"


class FluksoInput(FluksoEntity, SensorEntity):
    """What is connected to a port."""

    entity_description = INPUT

    def __init__(self, hass: HomeAssistant, entry: FluksoConfigEntry, port: PortInput) -> None:
        _, identifier = part_of(entry.runtime_data.meter, port.sensor).identifier
        super().__init__(port, f"{identifier}_{INPUT.key}", device_info(hass, entry, port.sensor))
        self._attr_extra_state_attributes = {ATTR_PORT: port.sensor.place}
        self._kind = port.kind

    @override
    def _take_value(self) -> None:
        self._attr_native_value = self._kind
