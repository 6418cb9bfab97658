"""`scripts/soak`: play full meters for a while, and say whether Home Assistant took it all."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
import sys
from tempfile import TemporaryDirectory

from .load import Load, measure


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; argparse ends the process where it makes no sense."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=sys.modules[__name__].__doc__)
    add = parser.add_argument
    add("--meters", type=int, default=10, metavar="N", help="default: %(default)s")
    add("--seconds", type=int, default=600, metavar="N", help="default: %(default)s")
    return parser.parse_args(argv)


def report(load: Load, seconds: int) -> str:
    """Say what was seen."""
    memory = load.memory
    told = (
        f"{load.published} readings in {seconds} s, {len(load.faults)} faults",
        *load.faults[:20],
        f"memory (MB): {memory[0]:.0f} at first, {memory[-1]:.0f} in the end",
        f"blocks of memory that Python holds: {load.more_blocks:+d}",
        f"{load.processor:.1%} of a processor",
        f"longest hold of the event loop: {load.longest_hold:.0f} ms",
        f"most that it worked in one go: {load.longest_work:.0f} ms of a processor",
        f"longest garbage collection: {load.longest_collection:.0f} ms of a processor",
    )
    return "\n".join(told)


def main(argv: Sequence[str]) -> int:
    """Play, print the report, and answer 0 if nothing was lost and nothing piled up."""
    options = arguments(argv)
    with TemporaryDirectory() as folder:
        load = asyncio.run(measure(options.meters, options.seconds, Path(folder)))
    print(report(load, options.seconds))
    return 1 if load.faults or load.piles_up else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
