"""The meter's clock: what ``flx/time`` says (docs/protocol.md section 1a), and its limits."""

import re

from .validation import ProtocolError

#: The meter counts from 1970 until its clock is set (docs/protocol.md section 9, quirk 4), and
#: keeps the seconds in 32 bits.
CLOCK_IS_SET = 1_234_567_890
END_OF_TIME = 2**32

_WHAT = "flx/time"
_LONGEST = 256
_MICROSECONDS = 1_000_000

#: Two clocks, the meter's and that of its sensor board, in what is JSON but for the quotes.
_SAID = re.compile(
    rb"\{flm:\{time:\[([0-9]{1,10}),([0-9]{1,6})\],update:(?:true|false)\},"
    rb"flx:\{time:\[[0-9]{1,10},[0-9]{1,6}\],update:(?:true|false)\}\}"
)


def parse_clock(payload: bytes) -> float:
    """What the meter's own clock says, in seconds since 1970, to the microsecond.

    The sensor board's, which the message tells too, counts whole seconds and follows it.

    Raises:
        ProtocolError: another shape.
    """
    if len(payload) > _LONGEST:
        raise ProtocolError(_WHAT, "too long", len(payload))
    said = _SAID.fullmatch(b"".join(payload.split()))
    if said is None:
        raise ProtocolError(_WHAT, "does not tell the time", payload)
    return int(said[1]) + int(said[2]) / _MICROSECONDS
