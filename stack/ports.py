"""Free ports, so that several stacks can run at the same time on one machine."""

from itertools import cycle
from random import SystemRandom
import socket

LOOPBACK = "127.0.0.1"
#: Below the ports of outgoing connections, which begin at 32768 in Linux.
_SERVER_PORTS = range(20_000, 32_768)
#: In an order of this process alone, so that it is given none twice that is not listened to yet.
_ports = cycle(SystemRandom().sample(_SERVER_PORTS, len(_SERVER_PORTS)))


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(preferred: int = 0) -> int:
    """Return the preferred port if it is free, any free one otherwise.

    The port is not reserved until its server starts, so it should be used immediately. It is none
    of those that outgoing connections get meanwhile.
    """
    port = preferred or next(_ports)
    while not is_free(port):
        port = next(_ports)
    return port
