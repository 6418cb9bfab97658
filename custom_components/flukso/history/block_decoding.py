"""Decoding a block of the meter's memory in a worker thread, once for all its users."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ..meter.channel import Channel
from ..metering.block_timeline import Segment, Slack, segment_of
from ..protocol.tmpo_block import Block, BlockAddress, decode
from ..protocol.validation import ProtocolError


class BlockUser(Protocol):
    """Who needs more of the blocks than the timelines of counters keep."""

    def wants(self, channel: Channel, address: BlockAddress) -> bool:
        """Return whether it needs a block, before that is decoded."""

    def reduce(self, channel: Channel, block: Block) -> object:
        """Return what it keeps of a block; called in a worker thread."""

    def take(self, channel: Channel, address: BlockAddress, reduced: object) -> None:
        """Keep that, in the event loop."""


def read_block(
    address: BlockAddress,
    payload: bytes,
    channel: Channel,
    segment: Callable[[Block], Segment] | None,
    users: Sequence[BlockUser],
) -> tuple[Segment | None, list[object]]:
    """Decode a block; return its segment for a timeline, and what users keep of it.

    Raises:
        ProtocolError: the block is malformed, or is not of this channel.
    """
    stream, block = channel.stream, decode(address, payload)
    if block.kind is not stream.kind:
        raise ProtocolError("tmpo block", f"not a {stream.kind}'s")
    if block.unit not in {None, stream.unit}:
        raise ProtocolError("tmpo block", f"in a different unit than the {stream.kind}", block.unit)
    new = segment(block) if segment else None
    return new, [user.reduce(channel, block) for user in users]


def segment_of_block(
    block: Block,
    *,
    slack: Slack,
    both_ways: bool,
    power_over: int | None,
    max_silence: int | None,
) -> Segment:
    """Return the segment of a block for the timeline of a counter."""
    return segment_of(
        block.address.begin,
        block.address.end,
        block.times,
        block.thousandths,
        slack=slack,
        both_ways=both_ways,
        power_over=power_over,
        max_silence=max_silence,
    )
