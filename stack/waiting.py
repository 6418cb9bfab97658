"""Waiting for other processes, by polling."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually[Answer](
    ask: Callable[[], Awaitable[Answer]], what: str, within: float = 30, every: float = 0.2
) -> Answer:
    """Call `ask` until its result is truthy, and return it.

    Args:
        ask: the function; its exceptions are not caught.
        what: the expected event, for the error message.
        within: the timeout (s).
        every: the interval between two calls (s).

    Raises:
        TimeoutError: the result was never truthy; the message includes the last one.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not (answer := await ask()):
        if loop.time() > deadline:
            raise TimeoutError(f"{what}: not within {within:g} s (last answer: {answer!r})")
        await asyncio.sleep(every)
    return answer
