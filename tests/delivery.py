"""Messages that reach their subscribers at once, without the MQTT client: for whole days."""

from typing import ClassVar, override

from homeassistant.core import CALLBACK_TYPE

from custom_components.flukso.transport.home_assistant import HomeAssistantTransport
from custom_components.flukso.transport.interface import BufferedSubscription, Message, Transport


class Delivery(HomeAssistantTransport):
    """Passes readings to their subscribers directly.

    It stands in the place of ``transport.choice.HomeAssistantTransport``.
    """

    receivers: ClassVar[dict[str, list[tuple[BufferedSubscription, Transport]]]] = {}

    @override
    async def async_subscribe_buffered(self, subscription: BufferedSubscription) -> CALLBACK_TYPE:
        receivers = self.receivers.setdefault(subscription.topic, [])
        receiver = (subscription, self)
        receivers.append(receiver)
        return lambda: receivers.remove(receiver)

    @classmethod
    def deliver(cls, topic: str, payload: str, arrived: float, *, retained: bool = False) -> None:
        """Let a message arrive at that time, by itself."""
        for subscription, transport in cls.receivers.get(topic, []):
            subscription.receive([Message(topic, payload.encode(), retained, arrived)])
            if transport.delivered is not None:
                transport.delivered()
