"""The command line of `scripts/demo`."""

import argparse
from collections.abc import Sequence
from urllib.parse import urlsplit

from .stage import BrokerAddress

_DESCRIPTION = """\
Start a broker, a simulated Fluksometer and a real Home Assistant with this integration, on this
machine only, and open it in the browser, without a login. Press Ctrl-C to stop; nothing is
installed or changed outside this checkout, and each run starts from scratch."""

_EPILOG = """\
All files of a run, Home Assistant's log among them, are in .demo/ of the checkout."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; exit with help, or with an error if it is invalid."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "--check",
        action="store_true",
        help="do not open the browser; wait until all enabled entities have a value, print them "
        "and exit with 0, or print what is missing and exit with 1",
    )
    parser.add_argument(
        "--bridge",
        action="store_true",
        help="let Home Assistant receive the messages through its MQTT integration, instead of "
        "directly from the meter",
    )
    parser.add_argument(
        "--broker",
        type=broker_address,
        metavar="HOST[:PORT]",
        help="use the Fluksometers that a bridge forwards to this broker, not a simulated one "
        "(USER:PASSWORD@HOST:PORT if it requires a login)",
    )
    parser.add_argument(
        "--port",
        type=port_number,
        default=8123,
        metavar="PORT",
        help="the port of Home Assistant's pages (default: 8123, or a free one if it is in use)",
    )
    return parser.parse_args(arguments)


def port_number(text: str) -> int:
    """Parse the number of a port.

    Raises:
        argparse.ArgumentTypeError: it is not a port.
    """
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)


def broker_address(text: str) -> BrokerAddress:
    """Parse [USER[:PASSWORD]@]HOST[:PORT].

    Raises:
        argparse.ArgumentTypeError: it is not an address of this form.
    """
    try:
        parts = urlsplit(f"mqtt://{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error
    if not host or parts.path or parts.query:
        raise argparse.ArgumentTypeError(f"{text} is not HOST or HOST:PORT")
    return BrokerAddress(host, port or 1883, parts.username, parts.password)
