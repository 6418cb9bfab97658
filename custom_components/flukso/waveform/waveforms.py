"""The waveforms of a meter: an oscilloscope for each clamp, and the figures taken from it."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..meter.meter import Meter
from ..meter.observable import Observable
from ..metering.waveform_analysis import crest_factor, harmonic, phase_shift, rms
from ..protocol.sensors import Sensor, Source
from ..protocol.topics import current_topic, voltage_topic
from ..transport.home_assistant import Transport
from .oscilloscope import Capture, Oscilloscope

_DECIMALS = 2
#: Of less current (A) a clamp sees mostly noise, whose shape tells nothing.
_LEAST = 0.05

#: What is shown of a look, by the names of the descriptions.
_FIGURES: dict[str, Callable[[Capture], float | None]] = {
    "crest_factor": lambda look: crest_factor(look.current.samples),
    "harmonic_3": lambda look: harmonic(look.current.samples, 3),
    "harmonic_5": lambda look: harmonic(look.current.samples, 5),
    "harmonic_7": lambda look: harmonic(look.current.samples, 7),
    "phase_shift": lambda look: phase_shift(look.voltage.samples, look.current.samples),
}


def figures_of(look: Capture) -> dict[str, float | None]:
    """What a look amounts to: ratios, percent and degrees; None where no current flows."""
    flows = rms(look.current.samples) >= _LEAST
    values = {what: figure(look) if flows else None for what, figure in _FIGURES.items()}
    return {what: _rounded(value) for what, value in values.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS) + 0.0  # -0.0 becomes 0.0


class Figure(Observable):
    """A figure of what a scope saw last."""

    def __init__(self, what: str, oscilloscope: Oscilloscope) -> None:
        super().__init__()
        self.what = what
        self.oscilloscope = oscilloscope

    @property
    @override
    def available(self) -> bool:
        return self.oscilloscope.available

    @override
    async def _async_start(self, work: ExitStack) -> None:
        work.callback(await self.oscilloscope.async_listen(self._take))

    @callback
    def _take(self) -> None:
        if self.oscilloscope.look is not None:
            self.value = figures_of(self.oscilloscope.look)[self.what]
        self.notify()


class Waveforms:
    """Keeps the scopes of a meter in step with its clamps; each looks once an ``interval`` (s)."""

    def __init__(
        self, hass: HomeAssistant, meter: Meter, transport: Transport, interval: int
    ) -> None:
        self._hass = hass
        self._meter = meter
        self._transport = transport
        self._interval = interval
        self._oscilloscopes: dict[int, tuple[Oscilloscope, tuple[Figure, ...]]] = {}
        self._follow()

    @callback
    def listen(self) -> CALLBACK_TYPE:
        """Follow the meter; returns an unsubscribe function."""
        return self._meter.listen(self._follow, self._tick)

    def oscilloscopes(self) -> Collection[Oscilloscope]:
        """A scope for each clamp, by port."""
        return [oscilloscope for oscilloscope, _ in self._oscilloscopes.values()]

    def figures(self) -> Collection[Figure]:
        """All figures of all clamps."""
        return [figure for _, figures in self._oscilloscopes.values() for figure in figures]

    def another(self, oscilloscope: Oscilloscope) -> Oscilloscope:
        """A scope for the same clamp that looks at once, and at every pair."""
        return self._open(oscilloscope.sensor, interval=0)

    @callback
    def _follow(self) -> None:
        """Keep the scopes of clamps that stayed, and open those of new ones."""
        clamps: dict[int, Sensor] = {}
        for sensor in (channel.stream.sensor for channel in self._meter.channels.values()):
            if sensor.source is Source.CLAMP and len(sensor.ports) == 1:
                clamps.setdefault(sensor.ports[0], sensor)
        kept = self._oscilloscopes
        self._oscilloscopes = {}
        for port, sensor in sorted(clamps.items()):
            self._oscilloscopes[port] = kept.get(port) or self._with_figures(sensor)

    def _with_figures(self, sensor: Sensor) -> tuple[Oscilloscope, tuple[Figure, ...]]:
        oscilloscope = self._open(sensor, self._interval)
        return oscilloscope, tuple(Figure(what, oscilloscope) for what in _FIGURES)

    def _open(self, sensor: Sensor, interval: int) -> Oscilloscope:
        prefix, device_id = self._meter.prefix, self._meter.device_id
        [port] = sensor.ports
        topics = voltage_topic(prefix, device_id), current_topic(prefix, device_id, port)
        broken = self._meter.message_log.note_broken
        return Oscilloscope(self._hass, sensor, topics, self._transport, broken, interval=interval)

    @callback
    def _tick(self, _elapsed: int) -> None:
        now = dt_util.utcnow().timestamp()
        for oscilloscope in self.oscilloscopes():
            if oscilloscope.listening:
                oscilloscope.judge(now)
