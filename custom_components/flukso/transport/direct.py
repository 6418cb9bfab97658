"""Transport straight from a meter's own broker: MQTT 3.1.1, port 1883, without a password.

The messages that have arrived are read at least once a second, by the ticker of the meter or by a
timer of this module, and more often for some seconds after something was asked for or while more
is waiting. So the time of arrival of a message is up to a second late. That is little against what
depends on it: the age of a reading (minutes), the slack of the guard (seconds of a counter at its
fastest) and the check of the meter's clock (minutes).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
import logging
from random import random
from time import time
from typing import TYPE_CHECKING, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from .interface import BufferedSubscription, ConnectionState, Message, Receive, Transport
from .mqtt_connection import CannotConnectError, MqttConnection
from .topic_receivers import TopicReceivers
from .waiting_messages import WaitingMessages

_LOGGER = logging.getLogger(__name__)

#: The port of a meter's broker.
DEFAULT_PORT = 1883
#: How often to read: at least, while an answer is expected, and while more is waiting (s).
_PERIOD, _SHORT_PERIOD, _NEXT_SLICE = 1.0, 0.1, 0.02
#: How long an answer is expected after a subscription or a message to the meter (s).
_ANSWER_WITHIN = 3.0
#: Subscriptions within this time go into one packet (s).
_TOGETHER = 0.05
#: The pauses between attempts to connect (s): the first, the longest, and the factor in between.
_FIRST_PAUSE, _MAX_PAUSE, _PAUSE_FACTOR = 1.0, 10.0, 1.6
#: After so long with more waiting than can be read, that is reported (s).
_MAX_BACKLOG = 60.0


class DirectTransport(Transport):
    """The broker of one meter, which is connected to again whenever the connection is lost.

    ``chance`` returns random numbers from 0 to 1, by which the pauses between attempts differ.
    """

    def __init__(
        self, hass: HomeAssistant, host: str, port: int, chance: Callable[[], float] = random
    ) -> None:
        self.host = host
        self.port = port
        self._hass = hass
        self._chance = chance
        self._connection: MqttConnection | None = None
        self._ended = asyncio.Event()
        self._retry = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._receivers = TopicReceivers()
        self._waiting = WaitingMessages(hass)
        self._changed_topics: set[str] = set()
        self._connection_listeners: list[Callable[[], None]] = []
        self._subscribe_timer: asyncio.TimerHandle | None = None
        self._read_timer: asyncio.TimerHandle | None = None
        self._is_reading = False
        self._answer_until = 0.0
        self._backlog_since: float | None = None
        self._is_fault_logged = False

    @property
    @override
    def connection_state(self) -> ConnectionState:
        return ConnectionState.CONNECTED if self.connected else ConnectionState.DISCONNECTED

    @property
    @override
    def connected(self) -> bool:
        return self._connection is not None

    @override
    async def async_start(self) -> None:
        attempted = asyncio.Event()
        self._runner = self._hass.async_create_background_task(
            self._async_stay_connected(attempted), f"flukso connection to {self.host}"
        )
        await attempted.wait()

    @override
    async def async_stop(self) -> None:
        if self._runner is not None:
            self._runner.cancel()
            with suppress(asyncio.CancelledError):
                await self._runner

    @callback
    def retry(self) -> None:
        """Connect now rather than after the pause, because the meter was just discovered."""
        self._retry.set()

    async def _async_stay_connected(self, attempted: asyncio.Event) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._retry.clear()
            connection = MqttConnection(self._hass, self._deliver, self._lost)
            try:
                await connection.async_open(self.host, self.port)
                pause = _FIRST_PAUSE
                self._opened(connection)
                attempted.set()
                await self._ended.wait()
            except CannotConnectError as error:
                _LOGGER.debug("No connection to %s: %s", self.host, error.failure)
                self.error = error
            except Exception:  # whatever it was, the meter is not given up
                _LOGGER.exception("Unexpected error while connected to %s", self.host)
            finally:
                connection.close()
                self._closed()
                attempted.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * (0.5 + self._chance() / 2)):
                    await self._retry.wait()
            pause = min(pause * _PAUSE_FACTOR, _MAX_PAUSE)

    @callback
    def _opened(self, connection: MqttConnection) -> None:
        self.error, self._connection = None, connection
        self._ended.clear()
        self._changed_topics.clear()
        if topics := self._receivers.topics:
            connection.subscribe(topics)
        self._expect_answer()
        self._notify_connection_listeners()

    @callback
    def _lost(self, reason: str, at_fault: bool) -> None:
        if at_fault and not self._is_fault_logged:
            self._is_fault_logged = True
            _LOGGER.warning("The broker at %s is not understood: %s", self.host, reason)
        else:
            _LOGGER.debug("The connection to %s has ended: %s", self.host, reason)
        self._ended.set()

    @callback
    def _closed(self) -> None:
        for timer in (self._read_timer, self._subscribe_timer):
            if timer is not None:
                timer.cancel()
        self._read_timer = self._subscribe_timer = self._backlog_since = None
        if self._connection is not None:
            self._connection = None
            self._notify_connection_listeners()

    @callback
    def _notify_connection_listeners(self) -> None:
        for changed in list(self._connection_listeners):
            changed()

    @override
    async def async_subscribe(self, topic: str, receive: Receive) -> CALLBACK_TYPE:
        if self._receivers.add(topic, receive):
            self._subscribe_soon(topic)
        return partial(self._unsubscribe, topic, receive)

    @callback
    def _unsubscribe(self, topic: str, receive: Receive) -> None:
        if self._receivers.remove(topic, receive):
            self._subscribe_soon(topic)

    @override
    async def async_subscribe_buffered(self, subscription: BufferedSubscription) -> CALLBACK_TYPE:
        """Subscribe like ``async_subscribe``, but deliver what was read at once together.

        The messages of a topic of which none can be urgent wait until ``flush``.
        """
        return await self.async_subscribe(
            subscription.topic, partial(self._waiting.add, subscription)
        )

    @callback
    def _subscribe_soon(self, topic: str) -> None:
        """Subscribe to a topic or unsubscribe from it, together with others."""
        self._changed_topics.add(topic)
        if self._connection is not None and self._subscribe_timer is None:
            self._subscribe_timer = self._hass.loop.call_later(_TOGETHER, self._subscribe_changed)

    @callback
    def _subscribe_changed(self) -> None:
        self._subscribe_timer = None
        changed, self._changed_topics = self._changed_topics, set()
        if TYPE_CHECKING:
            assert self._connection is not None  # the timer ends with the connection
        wanted = changed & self._receivers.topics
        if unwanted := changed - wanted:
            self._connection.unsubscribe(unwanted)
        if wanted:
            self._connection.subscribe(wanted)
            self._expect_answer()

    @override
    async def async_publish(self, topic: str, payload: bytes) -> None:
        if self._connection is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="not_connected",
                translation_placeholders={"host": self.host},
            )
        self._connection.publish(topic, payload)
        self._expect_answer()

    @override
    @callback
    def flush(self) -> None:
        """Read what has arrived; a receiver may call it too, whose message is the last read."""
        self.is_eager = False
        if not self._is_reading:
            self._read()
        self._waiting.deliver()

    @override
    @callback
    def discard_buffer(self) -> None:
        """Drop what was read; without a subscriber, the rest is dropped when it is read."""
        self._waiting.discard()

    @callback
    def _expect_answer(self) -> None:
        """Read often for some seconds."""
        self._answer_until = self._hass.loop.time() + _ANSWER_WITHIN
        self._read_in(_SHORT_PERIOD)

    @callback
    def _read_in(self, delay: float) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
        self._read_timer = self._hass.loop.call_later(delay, self._read_unasked)

    @callback
    def _read_unasked(self) -> None:
        self._read()
        self._waiting.deliver(only_urgent=True)
        if self.is_eager:
            self._waiting.deliver()
        if self.delivered is not None:
            self.delivered()

    @callback
    def _read(self) -> None:
        if self._connection is None:
            return
        self._is_reading = True
        try:
            more = self._connection.read()
        finally:
            self._is_reading = False
        now = self._hass.loop.time()
        self._note_backlog(now, more=more)
        if more:
            self._read_in(_NEXT_SLICE)
        else:
            self._read_in(_SHORT_PERIOD if now < self._answer_until else _PERIOD)

    def _note_backlog(self, now: float, *, more: bool) -> None:
        """Log once if the broker sends more than can be read: its messages are late then."""
        if not more:
            self._backlog_since = None
        elif self._backlog_since is None:
            self._backlog_since = now
        elif now - self._backlog_since >= _MAX_BACKLOG and not self._is_fault_logged:
            self._is_fault_logged = True
            _LOGGER.warning("The broker at %s sends more than can be read", self.host)

    @callback
    def _deliver(self, topic: str, payload: bytes, retained: bool) -> None:
        if not self._hass.is_stopping:
            self._receivers.deliver(Message(topic, payload, retained, time()))

    @override
    @callback
    def listen_to_connection(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        self._connection_listeners.append(changed)
        return partial(self._connection_listeners.remove, changed)
