"""The messages that the integration has processed of each topic, from its diagnostics.

Compared with those that were published, they show what was lost.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from custom_components.flukso.const import DOMAIN
from stack import Client
from stack.client import Json

#: How long a published message may take until it is processed (s).
_LATEST = 60
#: How often to look for it (s).
_LOOK = 0.5


@dataclass(frozen=True, slots=True)
class Published:
    """The messages of one topic that were published: how many, and the value of the last one."""

    messages: int
    value: float | None


_NOTHING = Published(0, None)


@dataclass(frozen=True, slots=True)
class Taken:
    """The messages of one topic that were processed until a given time.

    Attributes:
        messages: The number of messages.
        held: How many of them the guard of a counter withheld.
        second: The time of the last reading on the meter's clock.
        value: The last reading; for a counter, the last one that its guard accepted.
    """

    messages: int
    held: int
    second: int | None
    value: float | None


async def taken(client: Client) -> Mapping[str, Taken]:
    """Get the diagnostics of all meters; return the processed messages by topic."""
    entries = await client.entries(DOMAIN)
    reports = await asyncio.gather(*(client.diagnostics(each["entry_id"]) for each in entries))
    channels = {
        (entry["entry_id"], channel["topic"]): channel
        for entry, report in zip(entries, reports, strict=True)
        for channel in report["data"]["channels"]
        if channel["listening"]
    }
    found: dict[str, Taken] = {}
    for entity in await client.entities(DOMAIN):
        _, sensor_id, kind = (*entity["unique_id"].split("_"), "", "")[:3]
        # Diagnostics contain only six digits of an id.
        channel = channels.get((entity["config_entry_id"], f"/sensor/{sensor_id[:6]}…/{kind}"))
        if channel is not None:
            found[f"/sensor/{sensor_id}/{kind}"] = _taken(channel)
    return found


async def taken_until(client: Client, seconds: Mapping[str, int]) -> Mapping[str, Taken]:
    """Return the processed messages by topic, once they reach these times on the meter's clock.

    A machine that is busy may process them seconds after they were published. Those that have not
    been processed within a minute are lost, which a comparison shows.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _LATEST
    while True:
        found = await taken(client)
        if _reaches(found, seconds) or loop.time() > deadline:
            return found
        await asyncio.sleep(_LOOK)


def _reaches(found: Mapping[str, Taken], seconds: Mapping[str, int]) -> bool:
    return all(
        each.second is not None and each.second >= seconds[topic]
        for topic, each in found.items()
        if topic in seconds
    )


def _taken(channel: Json) -> Taken:
    reading, messages = channel["last_reading"], channel["messages"]
    guard = channel.get("guard", {}).get("last_accepted")
    return Taken(
        sum(messages.values()),
        messages["held"],
        reading and reading["time"],
        guard["value"] if guard else reading and reading["value"],
    )


def compare(
    published: Mapping[str, Published], begun: Mapping[str, Taken], ended: Mapping[str, Taken]
) -> tuple[int, list[str]]:
    """Compare what was published between two times with what was processed.

    Returns:
        How many messages of subscribed topics were published, and the faults as text.
    """
    count = 0
    faults = [f"{topic} is not subscribed to" for topic in begun.keys() - ended.keys()]
    for topic, end in ended.items():
        if end.held:
            faults.append(f"{topic}: {end.held} withheld")
        if topic not in begun:
            continue
        expected, messages = published.get(topic, _NOTHING), end.messages - begun[topic].messages
        count += expected.messages
        if messages != expected.messages:
            faults.append(f"{topic}: {messages} of {expected.messages} messages arrived")
        if expected.messages and topic.endswith("/counter") and end.value != expected.value:
            faults.append(f"{topic}: {end.value} at the end, not {expected.value}")
    return count, faults
