"""Real parts on the loopback address: a broker, Home Assistant, and what a person does with them.

The demo, the end-to-end tests and the benchmark stand on the same few classes, so that what they
show is what a user gets: `Mosquitto` or `EmbeddedBroker` carries the messages, `HomeAssistant` is
the real program in a process of its own, and its `Client` does over the API what a person does in
the pages.
"""

from .broker import Broker, EmbeddedBroker, Mosquitto, find_mosquitto
from .client import ApiError, Client, FlowError
from .home_assistant import HomeAssistant
from .ports import free_port
from .process import Process, ProcessError
from .waiting import eventually
from .websocket import CommandError, WebSocket

__all__ = [
    "ApiError",
    "Broker",
    "Client",
    "CommandError",
    "EmbeddedBroker",
    "FlowError",
    "HomeAssistant",
    "Mosquitto",
    "Process",
    "ProcessError",
    "WebSocket",
    "eventually",
    "find_mosquitto",
    "free_port",
]
