"""How many sensors a meter may have had: each stays in Home Assistant's registries."""

from dataclasses import replace

from ..protocol.sensors import Sensors
from ..protocol.validation import Unread

#: A meter has 128 at a time; the rest is for those that were replaced.
MAX_SENSORS = 500


class SensorLimit:
    """Leaves out new sensors once there were too many.

    Whoever can publish a configuration can name others all the time. ``known`` are the ids of the
    sensors that were there before.
    """

    def __init__(self, known: set[str]) -> None:
        self._known = known

    def within(self, sensors: Sensors) -> Sensors:
        """Return the sensors without those that are too many, which it then tells as unread."""
        enabled = tuple(each for each in sensors.enabled if self._admits(each.sensor_id))
        if len(enabled) == len(sensors.enabled):
            return sensors
        left_out = Unread("new sensors", f"more than {MAX_SENSORS} in all")
        return replace(sensors, enabled=enabled, unread=(*sensors.unread, left_out))

    def _admits(self, sensor_id: str) -> bool:
        if sensor_id not in self._known and len(self._known) < MAX_SENSORS:
            self._known.add(sensor_id)
        return sensor_id in self._known
