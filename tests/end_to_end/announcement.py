"""What a meter announces by mDNS (docs/protocol.md section 8), until it is killed."""

import signal
import socket
import sys

from zeroconf import IPVersion, ServiceInfo, Zeroconf

_SERVICES = (
    ("_mqtt._tcp.local.", "MQTT Broker", 1883),
    ("_flukso._tcp.local.", "Flukso RESTful API", 8080),
)


def main(host: str, address: str) -> None:
    """Announce the services of a host; killed, it says no goodbye, as if it had no power."""
    announcer = Zeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
    for service, what, port in _SERVICES:
        announcer.register_service(
            ServiceInfo(
                service,
                f"{what} on {host}.{service}",
                port=port,
                server=f"{host}.local.",
                addresses=[socket.inet_aton(address)],
            )
        )
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
