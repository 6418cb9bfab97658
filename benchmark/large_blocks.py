"""Blocks of twelve days with a reading for every second, published by a process of its own."""

from collections.abc import Sequence
from functools import cache
import gzip
from random import Random

from paho.mqtt import publish

from stack.ports import LOOPBACK

LEVEL = 20
#: How many counters count differently.
_STREAMS = 3
_CONFIG = '{"type":"electricity","data_type":"counter","rid":0}'


def send(port: int, topics: Sequence[str], begin: int) -> None:
    """Publish the block of each counter that begins then, to a broker on the loopback address."""
    payloads = [_payload(stream, begin) for stream in range(_STREAMS)]
    publish.multiple(
        [
            (f"{topic}/{begin}/gz", payloads[number % _STREAMS], 0, False)
            for number, topic in enumerate(topics)
        ],
        hostname=LOOPBACK,
        port=port,
    )


def _payload(stream: int, begin: int) -> bytes:
    """Return a block of a counter of up to 3.6 kW, which continues the one before."""
    values, counted = _values(stream)
    first, last = 1_000_000_000 + (begin >> LEVEL) * counted, begin + (1 << LEVEL) - 1
    head, tail = f"[{begin},{first / 1000}]", f"[{last},{(first + counted) / 1000}]"
    header = f'"head":{head},"tail":{tail},"vsn":1,"cfg":{_CONFIG}'
    times = "0" + ",1" * ((1 << LEVEL) - 1)
    return gzip.compress(f'{{"h":{{{header}}},"t":[{times}],"v":[{values}]}}'.encode(), 6)


@cache
def _values(stream: int) -> tuple[str, int]:
    """Return the differences between values, and their sum in thousandths."""
    chance = Random(stream)
    steps = [chance.randrange(1000) for _ in range((1 << LEVEL) - 1)]
    return "0," + ",".join(str(step / 1000) for step in steps), sum(steps)
