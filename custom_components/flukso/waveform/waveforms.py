"""The waveforms of a meter: an oscilloscope for each clamp, and figures derived from it."""

from collections.abc import Callable, Collection
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..meter.meter import Meter
from ..meter.observable import Observable
from ..meter.write_intervals import Tick
from ..metering.rounding import rounded
from ..metering.waveform_analysis import crest_factor, harmonic, phase_shift, rms
from ..protocol.sensors import Sensor, Source
from ..protocol.topics import current_topic, voltage_topic
from ..transport.interface import Transport
from ..transport.subscriptions import Subscriptions
from .oscilloscope import Capture, Oscilloscope

_DECIMALS = 2
#: Below this current (A) a clamp measures mostly noise, whose shape means nothing.
_LEAST_CURRENT = 0.05

#: The figures of a capture, by the keys of their descriptions.
_FIGURES: dict[str, Callable[[Capture], float | None]] = {
    "crest_factor": lambda capture: crest_factor(capture.current.samples),
    "harmonic_3": lambda capture: harmonic(capture.current.samples, 3),
    "harmonic_5": lambda capture: harmonic(capture.current.samples, 5),
    "harmonic_7": lambda capture: harmonic(capture.current.samples, 7),
    "phase_shift": lambda capture: phase_shift(
        capture.voltage.samples, capture.current.samples, capture.voltage_angle
    ),
}


def figures_of(capture: Capture) -> dict[str, float | None]:
    """Return the figures of a capture: ratios, percent and degrees; None where no current flows."""
    flows = rms(capture.current.samples) >= _LEAST_CURRENT
    values = {what: figure(capture) if flows else None for what, figure in _FIGURES.items()}
    return {what: _rounded(value) for what, value in values.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else rounded(value, _DECIMALS)


class Figure(Observable):
    """A figure of the last capture of an oscilloscope."""

    def __init__(self, what: str, oscilloscope: Oscilloscope) -> None:
        super().__init__()
        self.what = what
        self.oscilloscope = oscilloscope

    @property
    @override
    def available(self) -> bool:
        return self.oscilloscope.available

    @override
    async def _async_start(self, work: Subscriptions) -> None:
        work.add(await self.oscilloscope.async_listen(self._take))

    @callback
    def _take(self) -> None:
        if self.oscilloscope.capture is not None:
            self.value = figures_of(self.oscilloscope.capture)[self.what]
        self.notify()


class Waveforms:
    """Keeps the oscilloscopes of a meter in line with its clamps.

    Each captures once per ``interval`` (s).
    """

    def __init__(
        self, hass: HomeAssistant, meter: Meter, transport: Transport, interval: int
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._transport = transport
        self._interval = interval
        self._oscilloscopes: dict[int, tuple[Oscilloscope, tuple[Figure, ...]]] = {}
        self._update_oscilloscopes()

    @callback
    def listen(self) -> CALLBACK_TYPE:
        """Follow the meter; returns an unsubscribe function."""
        return self._meter.listen(self._update_oscilloscopes, self._tick)

    def oscilloscopes(self) -> Collection[Oscilloscope]:
        """Return the oscilloscopes of all clamps, in the order of their ports."""
        return [oscilloscope for oscilloscope, _ in self._oscilloscopes.values()]

    def figures(self) -> Collection[Figure]:
        """Return all figures of all clamps."""
        return [figure for _, figures in self._oscilloscopes.values() for figure in figures]

    def another(self, oscilloscope: Oscilloscope) -> Oscilloscope:
        """Return a second oscilloscope for a clamp, which captures every pair."""
        another = self._create(oscilloscope.sensor, interval=0)
        another.voltage_angle = oscilloscope.voltage_angle
        return another

    @callback
    def _update_oscilloscopes(self) -> None:
        """Create oscilloscopes for new clamps, and drop those of clamps that are gone."""
        clamps: dict[int, Sensor] = {}
        for sensor in (channel.stream.sensor for channel in self._meter.channels.values()):
            if sensor.source is Source.CLAMP and len(sensor.ports) == 1:
                clamps.setdefault(sensor.ports[0], sensor)
        previous = self._oscilloscopes
        self._oscilloscopes = {}
        for port, sensor in sorted(clamps.items()):
            self._oscilloscopes[port] = previous.get(port) or self._create_with_figures(sensor)
            oscilloscope, _ = self._oscilloscopes[port]
            oscilloscope.voltage_angle = self._meter.configuration.voltage_angle_of(sensor)

    def _create_with_figures(self, sensor: Sensor) -> tuple[Oscilloscope, tuple[Figure, ...]]:
        oscilloscope = self._create(sensor, self._interval)
        return oscilloscope, tuple(Figure(what, oscilloscope) for what in _FIGURES)

    def _create(self, sensor: Sensor, interval: int) -> Oscilloscope:
        prefix, device_id = self._meter.prefix, self._meter.device_id
        [port] = sensor.ports
        topics = voltage_topic(prefix, device_id), current_topic(prefix, device_id, port)
        note_broken = self._meter.message_log.note_broken
        return Oscilloscope(
            self._hass,
            sensor,
            topics,
            self._transport,
            note_broken,
            clock=self._meter.clock.offset,
            interval=interval,
        )

    @callback
    def _tick(self, _tick: Tick) -> None:
        now = dt_util.utcnow().timestamp()
        for oscilloscope in self.oscilloscopes():
            if oscilloscope.listening:
                oscilloscope.update(now)
