"""Waiting for what other processes do: ask again until it is so, or say what was not."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually[Answer](
    ask: Callable[[], Awaitable[Answer]], what: str, within: float = 30, every: float = 0.2
) -> Answer:
    """Ask until the answer is truthy, and return it.

    Args:
        ask: the question; what it raises is not caught.
        what: what is being waited for, for the error's text.
        within: seconds until giving up.
        every: seconds between two questions.

    Raises:
        TimeoutError: the answer was never truthy; the text holds the last one.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not (answer := await ask()):
        if loop.time() > deadline:
            raise TimeoutError(f"{what}: not within {within:g} s (last answer: {answer!r})")
        await asyncio.sleep(every)
    return answer
