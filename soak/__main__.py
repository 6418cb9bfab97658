"""`scripts/soak`: simulate full meters, and check that Home Assistant processes all readings."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
import sys
from tempfile import TemporaryDirectory

from .load import Load, measure


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; argparse exits if it is invalid."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=sys.modules[__name__].__doc__)
    add = parser.add_argument
    add("--direct", action="store_true", help="connect to the meters directly, without a bridge")
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


def main(argv: Sequence[str]) -> int:
    """Run the test, print the report, and return 0 if no reading was lost and no memory leaked."""
    options = arguments(argv)
    with TemporaryDirectory() as folder:
        load = asyncio.run(
            measure(options.meters, options.seconds, Path(folder), direct=options.direct)
        )
    print(report(load, options.seconds))
    return 1 if load.faults or load.piles_up else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
