"""`scripts/record HOST`: record the messages of the meters on a broker, for a bug report."""

import argparse
from collections.abc import Iterator
from pathlib import Path
import queue
import secrets
import sys
import time

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from custom_components.flukso.protocol.topics import similar_prefixes

from .anonymous import Anonymiser
from .recording import Recorded, write

_TOPICS = ("device/#", "sensor/#", "d/device/#")
#: Timeout for the answer of a broker (s).
_PATIENCE = 10.0


def main(arguments: list[str]) -> int:
    """Record, and return the exit code."""
    options = _parse(arguments)
    arrived: queue.Queue[MQTTMessage] = queue.Queue()
    try:
        client = _connect(options, arrived)
    except (OSError, ValueError) as error:
        print(f"record: no broker at {options.broker}: {error}", file=sys.stderr)
        return 1
    print(f"record: listening for {options.seconds:g} s (press Ctrl-C to stop)", file=sys.stderr)
    anonymiser = Anonymiser(secrets.token_bytes(32))
    count = write(options.file, _messages(arrived, options.seconds, anonymiser))
    client.disconnect()
    client.loop_stop()
    print(f"record: {count} messages in {options.file.resolve()}", file=sys.stderr)
    return 0 if count else 1


def _connect(options: argparse.Namespace, arrived: queue.Queue[MQTTMessage]) -> Client:
    """Return a client that puts messages into a queue, also after a reconnect.

    Raises:
        OSError: the broker can't be reached, does not answer or refuses the connection.
        ValueError: the port is invalid.
    """
    host, _, port = options.broker.partition(":")
    answers: queue.Queue[ReasonCode] = queue.Queue()
    prefixes = similar_prefixes(options.prefix)
    topics = [(f"{prefix}{topic}", 0) for prefix in prefixes for topic in _TOPICS]

    def connected(
        client: Client, _data: object, _flags: object, answer: ReasonCode, _properties: object
    ) -> None:
        client.subscribe(topics)
        answers.put(answer)

    client = Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(options.username, options.password)
    client.on_connect = connected
    client.on_message = lambda _client, _data, message: arrived.put(message)
    client.connect(host, int(port or 1883))
    client.loop_start()
    try:
        answer = answers.get(timeout=_PATIENCE)
    except queue.Empty:
        client.loop_stop()
        raise TimeoutError("no answer") from None
    if answer.is_failure:
        client.loop_stop()
        raise ConnectionRefusedError(str(answer))
    return client


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
    parser.add_argument("broker", metavar="HOST[:PORT]", help="of the meter or of Home Assistant")
    parser.add_argument("--file", type=Path, default=Path("recording.jsonl"))
    parser.add_argument("--seconds", type=float, default=60, help="default: 60")
    parser.add_argument("--prefix", default="", help="of the topics, if a bridge has changed it")
    parser.add_argument("--username", default=None)
    parser.add_argument("--password", default=None)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
