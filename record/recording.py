"""A recording: a file with one message per line, as JSON."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import json
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message, and its time in seconds since the start of the recording."""

    after: float
    topic: str
    payload: bytes
    retain: bool


def write(path: Path, messages: Iterable[Recorded]) -> int:
    """Write messages to a file as they arrive; return their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for message in messages:
            file.write(f"{_line(message)}\n")
            file.flush()
            count += 1
    return count


def read(path: Path) -> Iterator[Recorded]:
    """Yield the messages of a recording.

    Raises:
        ValueError: a line is not a message.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield _message(line)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}: line {number} is not a message") from error


def _line(message: Recorded) -> str:
    try:
        payload = {"payload": str(message.payload, "utf-8")}
    except UnicodeDecodeError:
        payload = {"base64": base64.b64encode(message.payload).decode()}
    about = {"after": round(message.after, 3), "topic": message.topic, "retain": message.retain}
    return json.dumps(about | payload, ensure_ascii=False)


def _message(line: str) -> Recorded:
    item = json.loads(line)
    payload = item["payload"].encode() if "payload" in item else base64.b64decode(item["base64"])
    return Recorded(float(item["after"]), str(item["topic"]), payload, item["retain"] is True)
