"""The report of the meter's self-test, ``test/tap``, with its serial number and firmware."""

from dataclasses import dataclass
import re

from .validation import ProtocolError

_WHAT = "test/tap"
_MAX_BYTES = 16_384
_SERIAL = re.compile(r"^# serial: *([A-Za-z0-9-]{1,32}) *$", re.MULTILINE)
_FIRMWARE = re.compile(r"^# firmware: *([\w.-]{1,32}) *$", re.MULTILINE | re.ASCII)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The serial number, used to claim the meter on flukso.net, and the firmware version."""

    serial: str | None
    firmware: str | None


def parse_self_test(payload: bytes) -> SelfTest:
    """Parse the comment lines of a TAP report (docs/protocol.md section 1a).

    Raises:
        ProtocolError: too long, or without either of the two lines.
    """
    if len(payload) > _MAX_BYTES:
        raise ProtocolError(_WHAT, "too long", len(payload))
    text = str(payload, "utf-8", errors="replace").replace("\r", "")
    serial, firmware = _SERIAL.search(text), _FIRMWARE.search(text)
    if serial is None and firmware is None:
        raise ProtocolError(_WHAT, "neither serial nor firmware")
    return SelfTest(
        serial=serial[1] if serial else None,
        firmware=firmware[1] if firmware else None,
    )
