"""Free ports, so that several stacks can run at the same time on one machine."""

from secrets import choice
import socket

LOOPBACK = "127.0.0.1"
#: Below the ports of outgoing connections, which begin at 32768 in Linux.
_SERVER_PORTS = range(20_000, 32_768)


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
    port = preferred or choice(_SERVER_PORTS)
    while not is_free(port):
        port = choice(_SERVER_PORTS)
    return port
