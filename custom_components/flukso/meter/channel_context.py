"""What the channels of a meter share, and what those who follow one are told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..metering.clock_offset import ClockOffset
from ..metering.counter_guard import Break
from ..protocol.reading import Reading
from ..protocol.validation import ProtocolError
from ..transport.interface import Message, Transport

if TYPE_CHECKING:
    from .channel import Channel


#: Called with the second by the meter's clock, the value, and when it was measured (s since 1970).
type Follower = Callable[[int, float, float], None]


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """What the channels of a meter share: its transport, the offset of its clock, and callbacks.

    These are called for a broken message, another unit, and the break of a counter.
    """

    transport: Transport
    clock: ClockOffset
    broken: Callable[[str, ProtocolError], None]
    other_unit: Callable[[Channel, Reading, Message], None]
    counter_break: Callable[[Channel, Break], None]
