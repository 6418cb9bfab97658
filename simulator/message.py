"""What a meter says: one MQTT message, before anything has carried it anywhere."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message as a meter publishes it.

    Attributes:
        topic: The full topic, the prefix of a remapping bridge included.
        payload: The bytes on the wire.
        retain: Whether the broker shall keep it for later subscribers.
    """

    topic: str
    payload: bytes
    retain: bool = False
