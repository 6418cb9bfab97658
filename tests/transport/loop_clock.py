"""A clock that the test moves, for what the direct transport does at times."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
import time

from homeassistant.core import HomeAssistant

from custom_components.flukso.transport.direct import DirectTransport
from stack.ports import LOOPBACK

#: How far time moves at once, where a test does not change that (s).
STEP = 0.01
#: How long a step really takes where a test waits for something (s).
_WAIT = 0.01


class LoopClock:
    """The clock of an event loop, which moves only where a test lets time pass (s).

    It moves by a ``step`` at once, each of which really ``takes`` so long where something has to
    come over the network: that needs some time even on the loopback address.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self.step = STEP
        self.takes = 0.0

    async def passes(self, seconds: float) -> None:
        """Let time pass, and run what is due in each step."""
        for _ in range(round(seconds / self.step)):
            await self._moves(self.takes)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until a condition is true."""
        while not condition():
            await self._moves(_WAIT)

    async def _moves(self, takes: float) -> None:
        self.now += self.step
        await _settle()
        if takes:
            await asyncio.to_thread(time.sleep, takes)

    async def until_done(self, work: Awaitable[None]) -> None:
        """Let time pass until something is done."""
        task = asyncio.ensure_future(work)
        await self.until(task.done)
        await task


async def _settle() -> None:
    """Run what is ready, and what becomes ready by it."""
    for _ in range(3):
        await asyncio.sleep(0)


@asynccontextmanager
async def started(
    hass: HomeAssistant, clock: LoopClock, port: int, chance: float = 0
) -> AsyncGenerator[DirectTransport]:
    """Start a transport, and stop it in the end."""
    transport = DirectTransport(hass, LOOPBACK, port, chance=lambda: chance)
    await clock.until_done(transport.async_start())
    try:
        yield transport
    finally:
        await transport.async_stop()
