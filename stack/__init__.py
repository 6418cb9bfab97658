"""Real components on the loopback address: a broker, Home Assistant, and an API client.

The demo, the end-to-end tests and the benchmark use the same classes, to reproduce a user's setup:
`Mosquitto` or `EmbeddedBroker` is the broker, `HomeAssistant` is the real program in its own
process, and its `Client` performs the actions of a user of the frontend over the API.
"""

from .broker import Broker, EmbeddedBroker, Mosquitto, find_mosquitto
from .client import ApiError, Client, FlowError
from .clock import Clock, SettableClock, find_faketime
from .home_assistant import HomeAssistant
from .ports import free_port
from .process import Process, ProcessError
from .waiting import eventually
from .websocket import CommandError, WebSocket

__all__ = [
    "ApiError",
    "Broker",
    "Client",
    "Clock",
    "CommandError",
    "EmbeddedBroker",
    "FlowError",
    "HomeAssistant",
    "Mosquitto",
    "Process",
    "ProcessError",
    "SettableClock",
    "WebSocket",
    "eventually",
    "find_faketime",
    "find_mosquitto",
    "free_port",
]
