"""`scripts/record HOST`: write what the meters on a broker send to a file for a bug report."""

import argparse
from collections.abc import Iterator
from pathlib import Path
import queue
import secrets
import sys
import time

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from .anonymous import Anonymiser
from .recording import Recorded, write

_TOPICS = ("device/#", "sensor/#", "d/device/#")


def main(arguments: list[str]) -> int:
    """Record, and return the exit code."""
    options = _parse(arguments)
    host, _, port = options.broker.partition(":")
    arrived: queue.Queue[MQTTMessage] = queue.Queue()
    client = Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(options.username, options.password)
    client.on_message = lambda _client, _data, message: arrived.put(message)
    try:
        client.connect(host, int(port or 1883))
    except (OSError, ValueError) as error:
        print(f"record: no broker at {options.broker}: {error}", file=sys.stderr)
        return 1
    client.subscribe([(f"{options.prefix}/{topic}", 0) for topic in _TOPICS])
    client.loop_start()
    print(f"record: listening for {options.seconds} s (Ctrl-C ends it)", file=sys.stderr)
    anonymiser = Anonymiser(secrets.token_bytes(32))
    count = write(options.file, _messages(arrived, options.seconds, anonymiser))
    client.loop_stop()
    client.disconnect()
    print(f"record: {count} messages in {options.file}", file=sys.stderr)
    return 0 if count else 1


def _messages(
    arrived: queue.Queue[MQTTMessage], seconds: float, anonymiser: Anonymiser
) -> Iterator[Recorded]:
    begin = time.monotonic()
    try:
        while (left := begin + seconds - time.monotonic()) > 0:
            try:
                message = arrived.get(timeout=left)
            except queue.Empty:
                return
            yield Recorded(
                time.monotonic() - begin,
                anonymiser.topic(message.topic),
                anonymiser.payload(message.topic, message.payload),
                message.retain,
            )
    except KeyboardInterrupt:
        return


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/record", description=__doc__)
    parser.add_argument("broker", metavar="HOST[:PORT]", help="the meter's broker, or yours")
    parser.add_argument("--file", type=Path, default=Path("recording.jsonl"))
    parser.add_argument("--seconds", type=float, default=60, help="60 unless told")
    parser.add_argument("--prefix", default="", help="what the bridge puts before the topics")
    parser.add_argument("--username", default=None)
    parser.add_argument("--password", default=None)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
