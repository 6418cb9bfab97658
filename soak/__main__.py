"""`scripts/soak`: simulate meters, and check that Home Assistant processes all readings."""

import argparse
import asyncio
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
import sys
from tempfile import TemporaryDirectory

from stack import find_faketime

from .days import Day, live
from .load import Load, measure

#: How much the memory may grow from the end of the first day to that of the last, without the
#: pages of the database that SQLite keeps: up to 16 MB a connection, which take days to fill.
_FLAT = 0.02
_ROW = "{:>4} {:>12} {:>7} {:>11} {:>10} {:>15} {:>7}"
_COLUMNS = ("day", "readings", "faults", "memory (MB)", "of SQLite", "Python's blocks", "speed")


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; argparse exits if it is invalid."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=sys.modules[__name__].__doc__)
    add = parser.add_argument
    add("--direct", action="store_true", help="connect to the meters directly, without a bridge")
    add("--days", type=int, metavar="N", help="one meter for so many days, as fast as possible")
    add("--meters", type=int, default=10, metavar="N", help="default: %(default)s")
    add("--seconds", type=int, default=600, metavar="N", help="default: %(default)s")
    return parser.parse_args(argv)


def report(load: Load, seconds: int) -> str:
    """Format the results."""
    memory = load.memory
    lines = (
        f"{load.published} readings in {seconds} s, {len(load.faults)} faults",
        *load.faults[:20],
        f"memory (MB): {memory[0]:.0f} at the start, {memory[-1]:.0f} at the end",
        f"memory blocks allocated by Python: {load.more_blocks:+d}",
        f"{load.processor:.1%} of a processor",
        f"longest block of the event loop: {load.longest_hold:.0f} ms",
        f"longest run of the event loop: {load.longest_work:.0f} ms of processor time",
        f"longest garbage collection: {load.longest_collection:.0f} ms of processor time",
    )
    return "\n".join(lines)


def growth(days: Sequence[Day]) -> float:
    """Return by which share the memory has grown since the end of the first day."""
    return days[-1].memory[-1].rest / days[0].memory[-1].rest - 1


async def report_days(days: AsyncIterable[Day]) -> Sequence[Day]:
    """Print a row for each day when it is over, and return all."""
    print(_ROW.format(*_COLUMNS))
    passed: list[Day] = []
    async for day in days:
        passed.append(day)
        end = day.memory[-1]
        memory = f"{end.resident:.1f}", f"{end.sqlite:.1f}", end.blocks
        print(
            _ROW.format(len(passed), day.published, len(day.faults), *memory, f"x {day.speed:.0f}")
        )
        print("\n".join(day.faults[:20]), end="\n" if day.faults else "", flush=True)
    for number, day in enumerate(passed, 1):
        hours = (f"{each.resident:.0f}-{each.sqlite:.0f}" for each in day.memory)
        print(f"memory in the hours of day {number}, less SQLite's (MB):", *hours)
    print(f"memory without SQLite's, from the first day's end to the last's: {growth(passed):+.1%}")
    return passed


def main(argv: Sequence[str]) -> int:
    """Run the test, print the report, and return 0 if no reading was lost and no memory leaked."""
    options = arguments(argv)
    with TemporaryDirectory() as folder:
        if options.days:
            return _main_days(options.days, Path(folder), direct=options.direct)
        load = asyncio.run(
            measure(options.meters, options.seconds, Path(folder), direct=options.direct)
        )
    print(report(load, options.seconds))
    return 1 if load.faults or load.piles_up else 0


def _main_days(number: int, folder: Path, *, direct: bool) -> int:
    library = find_faketime()
    if library is None:
        print("no libfaketime: install it to set Home Assistant's clock")
        return 1
    days = asyncio.run(report_days(live(number, folder, library, direct=direct)))
    return 1 if any(day.faults for day in days) or growth(days) > _FLAT else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
