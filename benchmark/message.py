"""The processor time of this integration for a message, including all callbacks it triggers.

The messages of a simulated meter are passed one by one to the message callbacks that the
integration registered with Home Assistant's MQTT integration, and are not buffered. Its own time
excludes Home Assistant's `async_write_ha_state`. Processor time excludes other threads and
programs; some 0.5 µs of it is the overhead of reading the clock.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic, thread_time_ns
from typing import Any
from unittest.mock import patch

from homeassistant.components import mqtt
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.entity import Entity
from paho.mqtt import publish

from custom_components.flukso.const import CONF_OTHER_INTERVAL, CONF_POWER_INTERVAL, DOMAIN
from custom_components.flukso.entity import FluksoEntity
from custom_components.flukso.transport import interface
from custom_components.flukso.transport.home_assistant import HomeAssistantTransport
from simulator import Flm03, Message
from stack import Mosquitto, eventually
from stack.ports import LOOPBACK

from .inside import add_discovered, add_mqtt, home_assistant
from .meters import three_clamps
from .table import grouped, table

type Receive = Callable[[mqtt.ReceiveMessage], Any]

#: Noon of a day in June: solar power is exported on one phase, the other two import.
_BEGIN = 1_782_043_200
#: Intervals (s) at which no reading is written during the measurement, and at which each is.
_INTERVALS = {"accumulated": 3600, "written": 0}
#: The first readings are written immediately, so they are not timed (s).
_WARM_UP = 3
#: Pause of the loop after the messages of a second, shorter than in reality (s).
_REST = 0.02
_PERCENTILES = {"median": 50, "90 %": 90, "99 %": 99}


@dataclass(frozen=True, slots=True)
class Cost:
    """The time for one message (µs): the integration's own, and including Home Assistant's."""

    own: float
    whole: float


type Costs = Mapping[tuple[str, str], Sequence[Cost]]


class _Writing:
    """Measures the time in which Home Assistant writes states."""

    def __init__(self) -> None:
        self.nanoseconds = 0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Measure while the context is open."""

        def write(entity: Entity) -> None:
            started = thread_time_ns()
            Entity.async_write_ha_state(entity)
            self.nanoseconds += thread_time_ns() - started

        with patch.object(FluksoEntity, "async_write_ha_state", write):
            yield

    def cost_of(self, receive: Receive, message: mqtt.ReceiveMessage) -> Cost:
        """Pass a message to a callback, and return its cost."""
        self.nanoseconds = 0
        started = thread_time_ns()
        receive(message)
        whole = thread_time_ns() - started
        return Cost((whole - self.nanoseconds) / 1000, whole / 1000)


async def measure(seconds: int) -> Costs:
    """Time the messages of three clamps, by outcome and by the kind of their topic.

    Args:
        seconds: the seconds of a meter to simulate for each interval.
    """
    costs: dict[tuple[str, str], list[Cost]] = defaultdict(list)
    meter = three_clamps(0, _BEGIN, Flm03)
    seconds_of_all = len(_INTERVALS) * (_WARM_UP + seconds)
    batches = iter([meter.second(_BEGIN + second) for second in range(1, seconds_of_all + 1)])
    with TemporaryDirectory() as folder:
        async with (
            Mosquitto(Path(folder)) as broker,
            home_assistant(Path(folder) / "config") as hass,
        ):
            await add_mqtt(hass, broker.port)
            _publish(meter.announce(), broker.port)
            entry = await add_discovered(hass, DOMAIN)
            for fate, interval in _INTERVALS.items():
                receivers = await _follow_anew(hass, entry, interval)
                for batch in islice(batches, _WARM_UP):
                    list(_time(batch, receivers))
                for batch in islice(batches, seconds):
                    for kind, cost in _time(batch, receivers):
                        is_unchanged = interval == 0 and cost.own == cost.whole
                        costs["unchanged" if is_unchanged else fate, kind].append(cost)
                    await asyncio.sleep(_REST)
    return costs


def _publish(messages: Sequence[Message], port: int) -> None:
    publish.multiple(
        [(message.topic, message.payload, 0, message.retain) for message in messages],
        LOOPBACK,
        port,
    )


async def _follow_anew(
    hass: HomeAssistant, entry: ConfigEntry, interval: int
) -> Mapping[str, Receive]:
    """Reload the integration with an interval, and return its message callbacks by topic."""
    receivers: dict[str, Receive] = {}
    subscribe = mqtt.async_subscribe

    async def note(hass: HomeAssistant, topic: str, receive: Receive, **more: Any) -> CALLBACK_TYPE:
        receivers[topic] = receive
        return await subscribe(hass, topic, receive, **more)

    async def entities_listen() -> bool:
        await hass.async_block_till_done()
        return any(topic.endswith("/gauge") for topic in receivers)

    async def subscribe_at_once(
        at: HomeAssistantTransport,
        topic: str,
        receive: interface.Receive,
        _urgent: Callable[[], bool],
    ) -> CALLBACK_TYPE:
        return await at.async_subscribe(topic, receive)

    options = {CONF_POWER_INTERVAL: interval, CONF_OTHER_INTERVAL: interval}
    hass.config_entries.async_update_entry(entry, options=options)
    with (
        patch.object(mqtt, "async_subscribe", note),
        patch.object(HomeAssistantTransport, "async_subscribe_buffered", subscribe_at_once),
    ):
        await hass.config_entries.async_reload(entry.entry_id)
        await eventually(entities_listen, "the integration to subscribe to readings")
    return receivers


def _time(batch: Sequence[Message], receivers: Mapping[str, Receive]) -> Iterator[tuple[str, Cost]]:
    """Pass the readings to the integration's callbacks; yield the kind and cost of each."""
    writing = _Writing()
    with writing.watched():
        for message in batch:
            if receive := receivers.get(message.topic):
                topic = message.topic
                arrived = mqtt.ReceiveMessage(topic, message.payload, 0, False, topic, monotonic())
                yield topic.rpartition("/")[2], writing.cost_of(receive, arrived)


def report(costs: Costs) -> str:
    """Format the results."""
    head = ("µs a message", "messages", *_PERCENTILES, *(f"with HA's: {of}" for of in _PERCENTILES))
    rows: list[Sequence[str]] = []
    for fate in dict.fromkeys(fate for fate, _ in costs):
        kinds = {kind: of for (other, kind), of in sorted(costs.items()) if other == fate}
        rows += [(f"{fate}: {kind}", *_figures(of)) for kind, of in kinds.items()]
        rows.append((f"{fate}: both", *_figures([cost for of in kinds.values() for cost in of])))
    return table(head, rows)


def _figures(costs: Sequence[Cost]) -> Iterator[str]:
    yield grouped(len(costs))
    for times in [cost.own for cost in costs], [cost.whole for cost in costs]:
        cuts = quantiles(times, n=100, method="inclusive")
        yield from (f"{cuts[percent - 1]:.1f}" for percent in _PERCENTILES.values())
