"""`scripts/benchmark`: run a measurement, and print its results as a table."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Sequence
import os
import sys

from . import growth, history, message, past, recorder, setup, side_by_side
from .machine import machine
from .meters import Household, Restless

_EPILOG = """\
The figures are for comparison on one machine, preferably one that is otherwise idle. The results so
far, and their meaning, are in docs/cost.md."""


async def _side_by_side(options: argparse.Namespace) -> None:
    for name, model in (("a household", Household), ("every value moving", Restless)):
        compared = await side_by_side.measure(options.meters, options.minutes, model)
        print(f"\n{name}, meters: {options.meters}\n\n{side_by_side.report(compared)}", flush=True)


async def _growth(options: argparse.Namespace) -> None:
    print(growth.report(await growth.measure(options.meters, options.minutes)))


async def _message(options: argparse.Namespace) -> None:
    print(message.report(await message.measure(options.seconds)))


async def _setup(options: argparse.Namespace) -> None:
    print(setup.report({meters: await setup.measure(meters) for meters in options.meters}))


async def _recorder(options: argparse.Namespace) -> None:
    print(recorder.report(await recorder.measure(options.minutes)))


async def _history(options: argparse.Namespace) -> None:
    print(history.report(await history.measure(options.runs)))


async def _past(options: argparse.Namespace) -> None:
    print(past.report(await past.measure(options.blocks, direct=options.direct)))


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; argparse exits if it is invalid."""
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description="Measure the resource usage of this integration, and print a table.",
        epilog=_EPILOG,
    )
    commands = parser.add_subparsers(title="measurements", metavar="")

    def command(
        name: str, measure: Callable[[argparse.Namespace], Coroutine[None, None, None]], text: str
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=f"Measure {text}."
        )
        added.set_defaults(measure=measure)
        return added

    to = command(
        "side-by-side",
        _side_by_side,
        "the processor time of Home Assistant, compared to others (takes 20 minutes)",
    )
    _add_number(to, "--meters", 10, "number of meters, with three clamps each")
    _add_number(to, "--minutes", 3, "how long to measure each")
    to = command(
        "growth", _growth, "the processor time for a message over direct connections, by meters"
    )
    _add_number(to, "--meters", [3, 10, 30], "numbers of meters, with three clamps each")
    _add_number(to, "--minutes", 2, "how long to measure the most meters; fewer take longer")
    to = command("message", _message, "the processor time of this integration for a message")
    _add_number(to, "--seconds", 300, "seconds of a meter to simulate for each row")
    to = command("setup", _setup, "the time until the entities of a meter are added")
    _add_number(to, "--meters", [1, 10], "numbers of meters to confirm at once")
    to = command("recorder", _recorder, "the rows written to the database")
    _add_number(to, "--minutes", 5, "duration of each recording; five have one run of statistics")
    to = command("history", _history, "the decoding of a large block of the meter's memory")
    _add_number(to, "--runs", 5, "number of runs")
    to = command("past", _past, "the import of a meter's past, of all its counters at 1 Hz")
    _add_number(to, "--blocks", 1, "number of blocks of twelve days each; 31 are a year")
    to.add_argument(
        "--direct", action="store_true", help="connect to the meter directly, without a bridge"
    )
    options = parser.parse_args(argv)
    if "measure" not in options:
        parser.print_help()
        sys.exit()
    return options


def _add_number(
    to: argparse.ArgumentParser, flag: str, default: int | Sequence[int], text: str
) -> None:
    """Add an option for a number, or for several where the default has several."""
    several = [default] if isinstance(default, int) else default
    to.add_argument(
        flag,
        type=_positive,
        nargs=None if isinstance(default, int) else "+",
        default=default,
        metavar="N",
        help=f"{text}; default: {' '.join(map(str, several))}",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(argv: Sequence[str]) -> None:
    """Run a measurement."""
    options = arguments(argv)
    os.environ["HA_DISABLE_LOG_FILE"] = "1"
    print(machine(), flush=True)
    asyncio.run(options.measure(options))


if __name__ == "__main__":
    main(sys.argv[1:])
