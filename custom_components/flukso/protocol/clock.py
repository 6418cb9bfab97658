"""The meter's clock: messages on ``flx/time`` (docs/protocol.md section 1a), and its limits."""

import re

from .validation import ProtocolError

#: The meter counts from 1970 until its clock is set (docs/protocol.md section 9, quirk 4), and
#: keeps the seconds in 32 bits.
CLOCK_IS_SET = 1_234_567_890
END_OF_TIME = 2**32

_WHAT = "flx/time"
_MAX_BYTES = 256
_MICROSECONDS = 1_000_000

#: The clocks of the meter and of its sensor board, as JSON with unquoted keys.
_MESSAGE = re.compile(
    rb"\{flm:\{time:\[([0-9]{1,10}),([0-9]{1,6})\],update:(?:true|false)\},"
    rb"flx:\{time:\[[0-9]{1,10},[0-9]{1,6}\],update:(?:true|false)\}\}"
)


def parse_clock(payload: bytes) -> float:
    """Return the time of the meter's own clock in seconds since 1970, to the microsecond.

    The sensor board's clock, also in the message, counts whole seconds and follows it.

    Raises:
        ProtocolError: the message has another format.
    """
    if len(payload) > _MAX_BYTES:
        raise ProtocolError(_WHAT, "too long", len(payload))
    match = _MESSAGE.fullmatch(b"".join(payload.split()))
    if match is None:
        raise ProtocolError(_WHAT, "not a time message", payload)
    return int(match[1]) + int(match[2]) / _MICROSECONDS
