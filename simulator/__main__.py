"""Simulated Fluksometers on the command line: to a broker, or to standard output."""

import argparse
from collections.abc import Sequence
import json
import logging
import os
import signal
import sys
from threading import Event
import time

from .flm02 import Flm02
from .flm03 import Flm03
from .message import Message
from .meter import Meter
from .pace import beat
from .player import play
from .random_values import identity

EPILOG = """\
examples:
  .venv/bin/python -m simulator
      one FLM03 to the broker on this machine
  .venv/bin/python -m simulator --broker nas:1884 --meters 3
      three of them to another one
  .venv/bin/python -m simulator --model flm02 --print
      the messages of an FLM02 as lines of JSON

The ids of the meters are derived from --seed, so the same command creates the same meters again,
with their counters reset. Press Ctrl-C to stop.
"""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; argparse exits if it is invalid."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="Simulated Fluksometers that publish the MQTT messages of real ones.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--broker",
        type=_broker,
        default=("127.0.0.1", 1883),
        metavar="HOST[:PORT]",
        help="default: 127.0.0.1:1883",
    )
    add("--model", choices=("flm03", "flm02"), default="flm03", help="default: %(default)s")
    add("--meters", type=_positive, default=1, metavar="N", help="number of meters; default: 1")
    add("--full", action="store_true", help="an FLM03 with all of its 128 sensors in use")
    add("--seed", type=int, default=0, help="selects the ids and the households; default: 0")
    add("--prefix", default="", help="prefix of each topic, as a bridge adds it")
    add(
        "--speed",
        type=_rate,
        default=1.0,
        metavar="X",
        help="simulated seconds per second; default: 1",
    )
    add(
        "--print",
        action="store_true",
        help="write JSON lines to standard output instead of a broker",
    )
    add("--seconds", type=_positive, metavar="N", help="with --print: end after N seconds")
    options = parser.parse_args(argv)
    if options.full and options.model != "flm03":
        parser.error("--full requires --model flm03")
    if options.seconds and not options.print:
        parser.error("--seconds requires --print")
    return options


def build(options: argparse.Namespace, start: int) -> list[Meter]:
    """Build the meters that the command line asks for."""
    return [_meter(options, options.seed + number, start) for number in range(options.meters)]


def _meter(options: argparse.Namespace, seed: int, start: int) -> Meter:
    device_id = identity("meter", options.model, seed)
    if options.model == "flm02":
        return Flm02(device_id, start=start, seed=seed, prefix=options.prefix, p1=True, kubes=1)
    return Flm03(device_id, start=start, seed=seed, prefix=options.prefix, full=options.full)


def as_json(message: Message) -> str:
    """Format a message as a line of JSON; a binary payload is written as hex digits."""
    line: dict[str, object] = {"topic": message.topic, "retain": message.retain}
    try:
        line["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        line["hex"] = message.payload.hex()
    return json.dumps(line, ensure_ascii=False)


def _print(options: argparse.Namespace, meters: Sequence[Meter], begin: int, stop: Event) -> None:
    for meter in meters:
        _write(meter.announce())
    for second in beat(begin, options.speed, stop):
        if options.seconds is not None and second >= begin + options.seconds:
            return
        for meter in meters:
            _write(meter.second(second))
        sys.stdout.flush()


def _write(messages: Sequence[Message]) -> None:
    for message in messages:
        print(as_json(message))


def _broker(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon else (text, 1883)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _rate(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("must be more than 0 and less than a million")
    return number


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command until it is stopped."""
    options = arguments(argv)
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    begin = int(time.time())
    meters = build(options, begin)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if options.print:
        try:
            _print(options, meters, begin, stop)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    host, port = options.broker
    for meter in meters:
        print(f"{type(meter).__name__} {meter.device_id} to {host}:{port}", flush=True)
    play(meters, host, port, speed=options.speed, stop=stop, begin=begin)


if __name__ == "__main__":
    main()
