"""A broker in memory: retains messages, and knows who is subscribed to what.

It stands behind Home Assistant's real MQTT client, in the place of the socket.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count
import time
from typing import Any
from unittest.mock import MagicMock

from homeassistant.core import HomeAssistant
from paho.mqtt.client import MQTTMessage, topic_matches_sub
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockMqttReasonCode

type Payload = str | bytes


class Broker:
    """What the mocked paho client talks to; ``topics`` are those that are subscribed to.

    ``asked`` are all that ever were.
    """

    def __init__(self, hass: HomeAssistant, client: MagicMock) -> None:
        self.topics: set[str] = set()
        self.asked: set[str] = set()
        self.retained: dict[str, Payload] = {}
        self._hass = hass
        self._client = client
        self._message_ids = count(1_000_000)
        client.subscribe = self._subscribe
        client.unsubscribe = self._unsubscribe

    async def publish(self, topic: str, payload: Payload, *, retain: bool = False) -> None:
        """Publish a message, and wait until all it brought about is done."""
        self.send(topic, payload, retain=retain)
        await self.settle()

    async def publish_all(self, messages: dict[str, str], *, retain: bool = False) -> None:
        """Publish messages, by topic, in their order, and wait as for one."""
        for topic, payload in messages.items():
            self.send(topic, payload, retain=retain)
        await self.settle()

    def send(self, topic: str, payload: Payload, *, retain: bool = False) -> None:
        """Publish a message, and don't wait."""
        if retain:
            self.retained[topic] = payload
        if topic in self.topics or any(matches(each, topic) for each in self.topics):
            self._deliver(topic, payload)

    async def settle(self) -> None:
        """Wait until all that is under way has arrived."""
        for _ in range(5):
            await asyncio.sleep(0)
            await self._hass.async_block_till_done()

    async def settle_all(self) -> None:
        """Wait for what goes on in the background as well."""
        await self._hass.async_block_till_done(wait_background_tasks=True)
        await self.settle()

    async def lose_connection(self) -> None:
        """Cut the connection to Home Assistant."""
        self.topics.clear()
        self._client.on_disconnect(self._client, None, 0, MockMqttReasonCode())
        await self.settle()

    async def restore_connection(self) -> None:
        """Let Home Assistant connect again."""
        self._client.on_connect(self._client, None, 0, MockMqttReasonCode())
        await self.settle()

    def _subscribe(
        self, topics: str | list[tuple[str, int]], qos: int = 0, **_: Any
    ) -> tuple[int, int]:
        new = [topics] if isinstance(topics, str) else [topic for topic, _ in topics]
        self.topics.update(new)
        self.asked.update(new)
        for topic, payload in self.retained.items():
            if any(matches(each, topic) for each in new):
                deliver = partial(self._deliver, topic, payload, is_retained=True)
                self._hass.loop.call_soon(deliver)
        return self._acknowledge(self._client.on_subscribe)

    def _deliver(self, topic: str, payload: Payload, *, is_retained: bool = False) -> None:
        """Let a message arrive; the plugin's function for it makes a mock each time."""
        message = MQTTMessage(topic=topic.encode())
        message.payload = payload.encode() if isinstance(payload, str) else payload
        message.retain = is_retained
        message.timestamp = time.monotonic()
        self._client.on_message(self._client, None, message)

    def _unsubscribe(self, topics: list[str]) -> tuple[int, int]:
        self.topics.difference_update(topics)
        return self._acknowledge(self._client.on_unsubscribe)

    def _acknowledge(self, acknowledged: Callable[..., None]) -> tuple[int, int]:
        message_id = next(self._message_ids)
        acknowledged(None, None, message_id, [MockMqttReasonCode()], None)
        return 0, message_id


def matches(subscribed: str, topic: str) -> bool:
    """Whether a topic is one of those subscribed to; paho is asked where it begins like them."""
    begin = subscribed.partition("+")[0].partition("#")[0].removesuffix("/")
    return topic.startswith(begin) and topic_matches_sub(subscribed, topic)


async def connect(hass: HomeAssistant, client: MagicMock) -> Broker:
    """Set up Home Assistant's MQTT integration on a new broker."""
    broker = Broker(hass, client)
    entry = MockConfigEntry(
        domain="mqtt",
        title="MQTT",
        data={"broker": "broker", "protocol": "5"},
        options={"birth_message": {}},
        version=1,
        minor_version=2,
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()
    return broker
