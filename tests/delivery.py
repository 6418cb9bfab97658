"""Messages that reach their subscribers at once, without the MQTT client: for whole days."""

from collections.abc import Callable
from typing import ClassVar, override

from homeassistant.core import CALLBACK_TYPE

from custom_components.flukso.transport.home_assistant import HomeAssistantTransport
from custom_components.flukso.transport.interface import Message


class Delivery(HomeAssistantTransport):
    """Passes readings to their subscribers directly.

    It stands in the place of ``transport.choice.HomeAssistantTransport``.
    """

    receivers: ClassVar[dict[str, list[Callable[[Message], None]]]] = {}

    @override
    async def async_subscribe_buffered(
        self, topic: str, receive: Callable[[Message], None], urgent: Callable[[bytes], bool]
    ) -> CALLBACK_TYPE:
        receivers = self.receivers.setdefault(topic, [])
        receivers.append(receive)
        return lambda: receivers.remove(receive)

    @classmethod
    def deliver(cls, topic: str, payload: str, arrived: float, *, retained: bool = False) -> None:
        """Let a message arrive at that time."""
        for receive in cls.receivers.get(topic, []):
            receive(Message(topic, payload.encode(), retained, arrived))
