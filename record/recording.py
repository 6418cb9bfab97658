"""A recording: a file with one message per line, as JSON."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import json
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message, and its time in seconds since the start of the recording.

    A file that was written by hand has a ``T`` in place of the time stamp of a reading, and the
    ``age`` of the reading when it arrives (s).
    """

    after: float
    topic: str
    payload: bytes
    retain: bool
    age: float | None = None

    def payload_at(self, begin: float) -> bytes:
        """Return the payload if the recording began then (s since 1970)."""
        if self.age is None:
            return self.payload
        return self.payload.replace(b"T", str(int(begin + self.after - self.age)).encode(), 1)


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
    """Yield the messages of a recording, or of a file that was written by hand.

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
    after = float(item["at"] if "at" in item else item["after"])
    age = float(item["age"]) if "age" in item else None
    return Recorded(after, str(item["topic"]), payload, bool(item["retain"]), age)
