"""Households with a load that changes all the time: clouds, a heat pump, a welder."""

from collections.abc import Callable, Mapping
from dataclasses import replace
import json
from math import pi, sin
from typing import override

from simulator import Flm03, Message
from simulator.random_values import wander

type Load = Callable[[int], float]

#: The slots of the first clamp that the load changes: import, export and current.
_IMPORT, _EXPORT, _CURRENT = 1, 2, 8
_VOLTAGE = 230


def _clouds(now: int) -> float:
    """Return the power of panels of 5 kW below clouds with edges of some seconds (W)."""
    return -5000 * min(max(wander(now / 40, 0, "clouds") * 3 - 1, 0.15), 1)


def _heat_pump(now: int) -> float:
    """Return the power of a compressor whose speed is controlled (W)."""
    return 1500 + 700 * sin(2 * pi * now / 600) + 60 * (wander(now / 2, 0, "compressor") - 0.5)


def _welder(now: int) -> float:
    """Return the power of a welder that is used for half of each minute, in pulses (W)."""
    return 4000.0 if now % 60 < 30 and now % 2 else 0.0


LOADS: Mapping[str, Load] = {
    "a cloudy day": _clouds,
    "a heat pump": _heat_pump,
    "a welder": _welder,
}


class Loaded(Flm03):
    """A meter whose first clamp also has another load; ``load`` is its power by second (W)."""

    load: Load = _clouds

    @override
    def second(self, now: int) -> list[Message]:
        """Return all messages of a second."""
        messages = super().second(now)
        slots = {f"/sensor/{self.sensors[slot].id}/gauge": slot for slot in (1, 2, 8)}
        values = {
            slots[message.topic]: json.loads(message.payload)[1]
            for message in messages
            if message.topic in slots
        }
        net = values[_IMPORT] - values[_EXPORT] + type(self).load(now)
        changed = {_IMPORT: max(net, 0), _EXPORT: max(-net, 0), _CURRENT: abs(net) / _VOLTAGE}
        return [
            _with_value(message, changed[slots[message.topic]])
            if message.topic in slots
            else message
            for message in messages
        ]


def _with_value(message: Message, value: float) -> Message:
    time, _, unit = json.loads(message.payload)
    return replace(message, payload=f'[{time}, {value:.3f}, "{unit}"]'.encode())


def loaded(load: Load) -> type[Loaded]:
    """Return the model of a meter with a load."""
    return type("Loaded", (Loaded,), {"load": staticmethod(load)})
