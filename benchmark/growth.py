"""The cost of a message over direct connections, by the number of meters."""

from collections.abc import Mapping, Sequence

from . import side_by_side
from .peers import DIRECT_DEFAULTS, DIRECT_EVERY_READING
from .side_by_side import FLOOR, Compared
from .table import table


async def measure(meters: Sequence[int], minutes: int) -> Mapping[int, Compared]:
    """Measure direct connections with several numbers of meters, one after the other.

    The most are measured for so many ``minutes``, fewer for longer, so that as many messages are:
    the garbage collector runs after so many, with three meters every other minute.

    The other peers are left out, and the floor: with many meters they fill the machine. What waits
    for a processor is then handled in larger batches, which is cheaper, and what shares one with
    others takes longer.
    """
    peers = (DIRECT_DEFAULTS, DIRECT_EVERY_READING)
    most = max(meters)
    return {
        number: await side_by_side.measure(
            number, minutes * most // number, peers=peers, floor_too=False
        )
        for number in meters
    }


def report(by_meters: Mapping[int, Compared]) -> str:
    """Format the cost of a message by the number of meters, and how far it is from their middle."""
    peers = [cost.peer for cost in next(iter(by_meters.values())).costs if cost.peer != FLOOR]
    head = ("µs a message, by meters", *map(str, by_meters), "of the middle")
    rows = []
    for peer in peers:
        costs = [compared.cost(peer).message for compared in by_meters.values()]
        spread = (max(costs) - min(costs)) / (max(costs) + min(costs))
        rows.append((peer, *(f"{cost:.0f}" for cost in costs), f"±{spread:.0%}"))
    return table(head, rows)
