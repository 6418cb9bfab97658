"""A second subscriber on the broker, which receives what is published to Home Assistant."""

from collections import defaultdict
from dataclasses import dataclass
import json
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from stack.ports import LOOPBACK

_READINGS = ("/sensor/+/gauge", "/sensor/+/counter")


@dataclass(frozen=True, slots=True)
class TimedReading:
    """A reading: its time in seconds on the meter's clock, and its value."""

    second: int
    value: float


class ReadingsSubscriber:
    """Receives all readings while its context is open."""

    def __init__(self, port: int) -> None:
        self.received: dict[str, list[TimedReading]] = defaultdict(list)
        self._port = port
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._receive

    def __enter__(self) -> Self:
        self._client.connect(LOOPBACK, self._port)
        self._client.subscribe([(topic, 0) for topic in _READINGS])
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def seconds(self, place: int) -> dict[str, int]:
        """Return the time of the first (0) or last (-1) reading that was received, by topic."""
        return {topic: readings[place].second for topic, readings in [*self.received.items()]}

    def _receive(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        second, value, _ = json.loads(message.payload)
        self.received[message.topic].append(TimedReading(second, value))
