"""Subscriptions that Home Assistant's MQTT refuses, or takes its time to make."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError

from custom_components.flukso.transport.home_assistant import mqtt


class Queue:
    """Subscriptions that wait; ``topics`` are those that were ``asked`` for."""

    def __init__(self) -> None:
        self.topics: list[str] = []
        self.asked = asyncio.Event()
        self._answers: list[asyncio.Future[None]] = []

    async def wait(self, topic: str) -> None:
        """Wait until it is decided what becomes of a subscription."""
        self.topics.append(topic)
        self.asked.set()
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        try:
            await answer
        finally:
            self._answers.remove(answer)

    def grant(self) -> None:
        """Make the oldest subscription."""
        self._answers[0].set_result(None)

    def grant_all(self) -> None:
        """Make all that wait."""
        for answer in self._answers:
            answer.set_result(None)

    def refuse(self) -> None:
        """Refuse the oldest subscription."""
        self._answers[0].set_exception(HomeAssistantError("refused"))


@contextmanager
def refused(*topics: str) -> Generator[None]:
    """Refuse to subscribe to some topics, as MQTT does once it is disabled."""
    subscribe = mqtt.async_subscribe

    async def refuse(hass: Any, topic: str, *args: Any, **kwargs: Any) -> Any:
        if topic in topics:
            raise HomeAssistantError("refused")
        return await subscribe(hass, topic, *args, **kwargs)

    with patch.object(mqtt, "async_subscribe", refuse):
        yield


@contextmanager
def queued(*topics: str) -> Generator[Queue]:
    """Let subscriptions to some topics wait until the test decides what becomes of them."""
    subscribe, queue = mqtt.async_subscribe, Queue()

    async def wait(hass: Any, topic: str, *args: Any, **kwargs: Any) -> Any:
        if topic in topics:
            await queue.wait(topic)
        return await subscribe(hass, topic, *args, **kwargs)

    with patch.object(mqtt, "async_subscribe", wait):
        yield queue
