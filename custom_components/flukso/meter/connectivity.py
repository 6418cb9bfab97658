"""Whether a meter and its kubes are heard: a value of each for its entity, and the log of it."""

from collections.abc import Collection, Iterable, Mapping
import logging
from typing import override

from homeassistant.core import callback

from ..protocol.sensors import Sensor
from ..transport.subscriptions import Subscriptions
from .observable import Observable

_LOGGER = logging.getLogger(__name__)


class Connectivity(Observable):
    """Whether the meter is heard, or a kube by its number: 1 or 0, None while that is not known.

    That of a kube is not available while the meter is not heard.
    """

    def __init__(self, sensor: Sensor | None = None) -> None:
        super().__init__()
        self.sensor = sensor
        self.reachable = True

    @property
    @override
    def available(self) -> bool:
        return self.reachable

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        """Nothing to start: ``note`` supplies the values."""

    @callback
    def note(self, *, online: bool, heard: bool) -> None:
        """Set the value: 0 if it is not online, 1 once it was heard; at first it is neither."""
        if not online:
            self.value = 0
        elif heard:
            self.value = 1
        self.notify()

    @callback
    def note_reachable(self, *, reachable: bool) -> None:
        """Set whether the meter is available, through which it is heard."""
        self.reachable = reachable
        self.notify()


class Connectivities:
    """The connectivity of a meter and of its kubes."""

    def __init__(self, device_id: str) -> None:
        self.online = True
        self.meter = Connectivity()
        self._name = f"Fluksometer {device_id[:6]}"
        self._kubes: dict[int, Connectivity] = {}
        self._silent: set[int] = set()

    @property
    def all(self) -> Collection[Connectivity]:
        """Return that of the meter, and those of its kubes."""
        return [self.meter, *self._kubes.values()]

    @callback
    def configure(self, sensors: Iterable[Sensor]) -> None:
        """Follow the kubes that have sensors."""
        of_kubes = {sensor.kube: sensor for sensor in sensors if sensor.kube is not None}
        self._kubes = {
            kube: self._kubes.get(kube) or Connectivity(sensor)
            for kube, sensor in sorted(of_kubes.items())
        }

    @callback
    def note_meter(self, *, online: bool, heard: bool) -> None:
        """Set whether the meter is available, and was heard; log a change once."""
        if online != self.online:
            self.online = online
            _LOGGER.info("%s %s", self._name, _phrase(available=online))
        self.meter.note(online=online, heard=heard)
        for kube in self._kubes.values():
            kube.note_reachable(reachable=online)

    @callback
    def note_kubes(self, kubes: Mapping[int, bool], heard: Collection[int | None]) -> None:
        """Set whether each kube is available, and was heard; not while the meter is unavailable."""
        for kube, available in kubes.items():
            was_available = kube not in self._silent
            if available != was_available:
                phrase = _phrase(available=available)
                _LOGGER.info("Kube %d of %s %s", kube, self._name, phrase)
            self._kubes[kube].note(online=available, heard=kube in heard)
        self._silent = {kube for kube, available in kubes.items() if not available}


def _phrase(*, available: bool) -> str:
    return "is available again" if available else "is unavailable"
