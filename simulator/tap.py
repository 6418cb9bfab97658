"""The meter's daily self-test, as TAP text (docs/protocol.md section 1a)."""

from datetime import UTC, datetime

FIRMWARE = 382
CHECKS = (
    "flxd daemon running",
    "sensor board communication",
    "/flukso/tmpo dir present",
    "serial number loaded",
    "sensor config loaded",
    "wifi connection",
    "ping flukso.net",
    "api.flukso.net tcp port 8883 [mqtt/ssl]",
    "0.openwrt.pool.ntp.org udp port 123 [ntp]",
)


def tap(device_id: str, stamp: int) -> bytes:
    """Format the test at a given time; the serial number is derived from the device id."""
    date = datetime.fromtimestamp(stamp, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    serial = f"FL07{int(device_id[:8], 16) % 1_000_000:06d}"
    lines = [
        f"1..{len(CHECKS)}",
        f"# date: {date}",
        f"# serial: {serial}",
        f"# firmware: {FIRMWARE}",
        *(f"ok {number} - {check}" for number, check in enumerate(CHECKS, 1)),
    ]
    return ("\n".join(lines) + "\n").encode()
