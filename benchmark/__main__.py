"""`scripts/benchmark`: measure what is asked for, and print a table of it."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Sequence
import os
from pathlib import Path
import sys

from . import history, message, plot, recorder, setup, side_by_side
from .machine import machine
from .meters import Household, Restless

_EPILOG = """\
The figures are for comparing on one machine, at best on one that is otherwise idle. What they were,
and what they mean, is in docs/cost.md."""


async def _side_by_side(options: argparse.Namespace) -> None:
    streams = {}
    for name, model in (("a household", Household), ("every value moving", Restless)):
        streams[name] = await side_by_side.measure(options.meters, options.windows, model)
        print(f"\n{name}, meters: {options.meters}\n\n{side_by_side.report(streams[name])}")
    growth = {options.meters: streams["a household"]}
    for meters in options.growth:
        growth[meters] = await side_by_side.measure(meters, options.windows)
    growth = dict(sorted(growth.items()))
    print(f"\n{side_by_side.report_growth(growth)}")
    if options.plot:
        options.plot.write_text(plot.draw(streams, growth))


async def _message(options: argparse.Namespace) -> None:
    print(message.report(await message.measure(options.seconds)))


async def _setup(options: argparse.Namespace) -> None:
    print(setup.report({meters: await setup.measure(meters) for meters in options.meters}))


async def _recorder(options: argparse.Namespace) -> None:
    print(recorder.report(await recorder.measure(options.minutes)))


async def _history(options: argparse.Namespace) -> None:
    print(history.report(await history.measure(options.runs)))


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; argparse ends the process where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description="Measure what this integration costs, and print it as a table.",
        epilog=_EPILOG,
    )
    commands = parser.add_subparsers(title="what to measure", metavar="")

    def command(
        name: str, measure: Callable[[argparse.Namespace], Coroutine[None, None, None]], text: str
    ) -> Callable[..., argparse.Action]:
        added = commands.add_parser(name, help=text, description=f"Measure {text}.")
        added.set_defaults(measure=measure)
        return added.add_argument

    add = command(
        "side-by-side",
        _side_by_side,
        "the processor time of Home Assistant, against others (a quarter of an hour)",
    )
    add(
        "--meters",
        type=_positive,
        default=10,
        metavar="N",
        help="so many play, of three clamps each; default: %(default)s",
    )
    add(
        "--windows",
        type=_positive,
        default=3,
        metavar="N",
        help="watch so many half minutes; default: %(default)s",
    )
    add(
        "--growth",
        type=_positive,
        nargs="*",
        default=[1, 3, 30],
        metavar="N",
        help="other numbers of meters; default: 1 3 30",
    )
    add("--plot", type=Path, metavar="FILE", help="draw it as SVG")
    add = command("message", _message, "this integration's own work on a message")
    add(
        "--seconds",
        type=_positive,
        default=300,
        metavar="N",
        help="play so many of a meter's seconds for each row; default: %(default)s",
    )
    add = command("setup", _setup, "how long a user waits for the entities of a meter")
    add(
        "--meters",
        type=_positive,
        nargs="+",
        default=[1, 10],
        metavar="N",
        help="confirm so many at once; default: 1 10",
    )
    add = command("recorder", _recorder, "the rows in the database")
    add(
        "--minutes",
        type=_positive,
        default=3,
        metavar="N",
        help="record for so long; default: %(default)s",
    )
    add = command("history", _history, "the reading of a large block of the meter's memory")
    add(
        "--runs",
        type=_positive,
        default=5,
        metavar="N",
        help="read it so many times; default: %(default)s",
    )
    options = parser.parse_args(argv)
    if "measure" not in options:
        parser.print_help()
        sys.exit()
    return options


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
