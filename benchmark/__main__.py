"""`scripts/benchmark`: measure what is asked for, and print a table of it."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Sequence
import os
import sys

from . import message, recorder, setup
from .machine import machine

_EPILOG = """\
The figures are for comparing on one machine, at best on one that is otherwise idle. What they were,
and what they mean, is in docs/cost.md."""


async def _message(options: argparse.Namespace) -> str:
    return message.report(await message.measure(options.seconds))


async def _setup(options: argparse.Namespace) -> str:
    return setup.report({meters: await setup.measure(meters) for meters in options.meters})


async def _recorder(options: argparse.Namespace) -> str:
    return recorder.report(await recorder.measure(options.minutes))


_COMMANDS: dict[str, Callable[[argparse.Namespace], Coroutine[None, None, str]]] = {
    "message": _message,
    "setup": _setup,
    "recorder": _recorder,
}


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; argparse ends the process where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description="Measure what this integration costs, and print it as a table.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "what", nargs="*", choices=_COMMANDS, help="default: all of them, in this order"
    )
    add = parser.add_argument
    add(
        "--seconds",
        type=_positive,
        default=300,
        metavar="N",
        help="message: play so many of a meter's seconds for each row; default: %(default)s",
    )
    add(
        "--meters",
        type=_positive,
        nargs="+",
        default=[1, 10],
        metavar="N",
        help="setup: confirm so many at once; default: 1 10",
    )
    add(
        "--minutes",
        type=_positive,
        default=3,
        metavar="N",
        help="recorder: record for so long; default: %(default)s",
    )
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(argv: Sequence[str]) -> None:
    """Run the measurements one after the other."""
    options = arguments(argv)
    os.environ["HA_DISABLE_LOG_FILE"] = "1"
    print(machine(), flush=True)
    for what in options.what or _COMMANDS:
        print(f"\n{what}: {sys.modules[f'{__package__}.{what}'].__doc__}", flush=True)
        print(asyncio.run(_COMMANDS[what](options)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
