"""One MQTT message of a meter."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message as a meter publishes it.

    Attributes:
        topic: The full topic, including the prefix that a bridge adds.
        payload: The payload.
        retain: The retain flag.
    """

    topic: str
    payload: bytes
    retain: bool = False
