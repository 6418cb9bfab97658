"""Blocks of a sensor's readings from the meter's memory (docs/protocol.md section 7).

A block can hold a million readings and is decoded in a worker thread. A single long call into C
code would keep the GIL and so block the event loop: it is unpacked in chunks, and its numbers are
parsed and summed in chunks with a short sleep after each.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from json import loads
import re
from time import sleep
import zlib

from .clock import CLOCK_IS_SET, END_OF_TIME
from .quantities import Unit
from .topics import Kind, is_id
from .validation import ProtocolError, Section, load

_WHAT = "tmpo block"
_TOPIC = re.compile(r"sensor/([^/]+)/tmpo/([0-9]{1,6})/([0-9]{1,2})/([0-9]{1,10})/gz")

#: A block of level n spans 2ⁿ seconds.
LEVELS = frozenset({8, 12, 16, 20})

#: The ``wbits`` with which zlib expects the gzip format.
_GZIP = zlib.MAX_WBITS | 16
#: The longest text of a reading: two differences with their commas.
_BYTES_PER_READING = 24
_MAX_HEADER_BYTES = 4096
_MAX_HEADER_BRACKETS = 32
#: The size of a chunk, and the sleep after it that lets other threads run (s).
_CHUNK_BYTES = 16 * 1024
_CHUNK_SLEEP = 0.0001
_OPENING = re.compile(rb"\s{0,9}\{\s{0,9}")
_HEADER_OR_LIST = re.compile(rb'"(?:(h)"\s{0,9}:\s{0,9}(?=\{)|([tv])"\s{0,9}:\s{0,9}(?=\[))')
_COMMA = re.compile(rb"\s{0,9},\s{0,9}")
_CLOSING = re.compile(rb"\s{0,9}\}\s{0,9}")
_BRACKET_OR_TEXT = re.compile(r'[{}]|"(?:[^"\\]|\\.)*"|[^{}"]+')
_NUMERIC = b"0123456789+-.eE, \t\r\n"
_THOUSAND = 1000
#: Thousandths from which a float no longer holds every integer.
_LIMIT = 2**53


@dataclass(frozen=True, slots=True)
class BlockAddress:
    """The sensor and the span of time of a block.

    ``rid`` counts how often the sensor id was reused, ``bid`` is the first second of the span.
    """

    sensor_id: str
    rid: int
    level: int
    bid: int

    @property
    def begin(self) -> int:
        """The first second of its span."""
        return self.bid

    @property
    def end(self) -> int:
        """The first second after its span."""
        return self.bid + (1 << self.level)


@dataclass(frozen=True, slots=True)
class Block:
    """Readings of a sensor: times in seconds since 1970, rising, and values in thousandths.

    ``unit`` is None if the meter does not report it.
    """

    address: BlockAddress
    kind: Kind
    unit: Unit | None
    times: array[int]
    thousandths: array[int]


def block_topic_filter(prefix: str, sensor_id: str, level: int) -> str:
    """Return the topic filter of a sensor's blocks of a level."""
    return f"{prefix}sensor/{sensor_id}/tmpo/+/{level}/+/gz"


def parse_block_topic(topic: str, prefix: str) -> BlockAddress:
    """Return the address of the block on a topic.

    Raises:
        ProtocolError: not the topic of a block, or of one that no Fluksometer makes.
    """
    match = _TOPIC.fullmatch(topic.removeprefix(prefix)) if topic.startswith(prefix) else None
    if match is None or not is_id(match[1]):
        raise ProtocolError("topic", "not the topic of a tmpo block", topic)
    address = BlockAddress(
        sensor_id=match[1], rid=int(match[2]), level=int(match[3]), bid=int(match[4])
    )
    if address.level not in LEVELS:
        raise ProtocolError("topic", "not a tmpo block level", address.level)
    if address.bid % (1 << address.level) or not CLOCK_IS_SET < address.end <= END_OF_TIME:
        raise ProtocolError("topic", "not the start of a tmpo block", address.bid)
    return address


def decode(address: BlockAddress, payload: bytes) -> Block:
    """Decode the payload of a block; to be called in a worker thread.

    Raises:
        ProtocolError: the payload can't be unpacked, or it is inconsistent.
    """
    text = _unpack(payload, (_BYTES_PER_READING << address.level) + _MAX_HEADER_BYTES)
    slices = _slices(text)
    header = _header(bytes(text[slices["h"]]))
    config = header.section("cfg")
    if header.whole("vsn", most=1) != 1:
        raise header.wrong("vsn", "is not known")
    if config.text("id") not in {None, address.sensor_id}:
        raise config.wrong("id", "is that of another sensor")
    first, last = _reading_in(header, "head"), _reading_in(header, "tail")
    most = 1 << address.level
    times = _summed(_times(text, slices["t"]), first[0], most)
    values = _summed(_thousandths(text, slices["v"]), first[1], most)
    if len(times) != len(values):
        raise ProtocolError(_WHAT, "not as many values as times")
    if (times[-1], values[-1]) != last:
        raise ProtocolError(_WHAT, "readings do not end with the tail", last)
    if times[0] < address.begin or times[-1] >= address.end:
        raise ProtocolError(_WHAT, "readings are not within the span", last)
    return Block(address, _kind(config), _unit(config), times, values)


def _kind(config: Section) -> Kind:
    kind = config.text("data_type")
    if kind is None or kind not in Kind:
        raise config.wrong("data_type", "is neither gauge nor counter")
    return Kind(kind)


def _unit(config: Section) -> Unit | None:
    unit = config.text("unit")
    if unit is not None and unit not in Unit:
        raise config.wrong("unit", "is unknown")
    return None if unit is None else Unit(unit)


def _slices(text: bytearray) -> dict[str, slice]:
    """Return where the header (h) and the lists (t, v) are, in whatever order they come."""
    slices: dict[str, slice] = {}
    position = _next(_OPENING, text, 0).end()
    for separator in (_COMMA, _COMMA, _CLOSING):
        key = _next(_HEADER_OR_LIST, text, position)
        end = _end_of_header(text, key.end()) if key[1] else text.find(b"]", key.end()) + 1
        slices[(key[1] or key[2]).decode()] = slice(key.end(), end)
        position = _next(separator, text, end).end()
    if position != len(text) or slices.keys() != {"h", "t", "v"}:
        raise ProtocolError(_WHAT, "not a header and two lists")
    return slices


def _next(expected: re.Pattern[bytes], text: bytearray, position: int) -> re.Match[bytes]:
    match = expected.match(text, position)
    if match is None:
        raise ProtocolError(_WHAT, "not a header and two lists")
    return match


def _end_of_header(text: bytearray, start: int) -> int:
    """Return the end of the object that starts there; 0 if there is none."""
    window = text[start : start + _MAX_HEADER_BYTES].decode("latin-1")
    depth = 0
    for token in _BRACKET_OR_TEXT.finditer(window):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
        if not depth:
            return start + token.end()
    return 0


def _header(text: bytes) -> Section:
    header = load(text, _WHAT, longest=_MAX_HEADER_BYTES, brackets=_MAX_HEADER_BRACKETS, lua=True)
    return Section(header, _WHAT)


def _reading_in(header: Section, key: str) -> tuple[int, int]:
    """Return the first (head) or last (tail) reading: its time, its value in thousandths."""
    match header.list_or_text(key):
        case [int(time), int() | float() as value] if 0 <= time < END_OF_TIME:
            if abs(value) < _LIMIT / _THOUSAND:
                return time, round(value * _THOUSAND)
    raise header.wrong(key, "is not a reading")


def _chunks(text: bytearray, place: slice) -> Iterator[list[int | float]]:
    """Yield the numbers of a list, some thousands at a time."""
    start, end = place.start + 1, place.stop - 1
    while start <= end:
        comma = text.find(b",", min(start + _CHUNK_BYTES, end), end)
        stop = end if comma < 0 else comma
        if stop > start + 2 * _CHUNK_BYTES:
            raise ProtocolError(_WHAT, "not a list of numbers")
        chunk = bytes(text[start:stop])
        if chunk.translate(None, _NUMERIC):
            raise ProtocolError(_WHAT, "not a list of numbers")
        try:
            numbers = loads(b"[%b]" % chunk)
        except ValueError as error:
            raise ProtocolError(_WHAT, "not a list of numbers") from error
        if not numbers:
            raise ProtocolError(_WHAT, "not a list of numbers")
        yield numbers
        sleep(_CHUNK_SLEEP)
        start = stop + 1


def _times(text: bytearray, place: slice) -> Iterator[list[int]]:
    """Yield the differences between times: 0, then positive whole seconds."""
    is_first = True
    for chunk in _chunks(text, place):
        steps = [step for step in chunk if type(step) is int]
        rising = steps[1:] if is_first else steps
        if len(steps) != len(chunk) or (is_first and steps[0]) or min(rising, default=1) < 1:
            raise ProtocolError(_WHAT, "times do not rise in seconds")
        is_first = False
        yield steps


def _thousandths(text: bytearray, place: slice) -> Iterator[list[int]]:
    """Yield the differences between values in thousandths, the first of them 0."""
    is_first = True
    for chunk in _chunks(text, place):
        try:
            steps = [round(step * _THOUSAND) for step in chunk]
        except (OverflowError, ValueError) as error:
            raise ProtocolError(_WHAT, "values are out of range") from error
        if is_first and steps[0]:
            raise ProtocolError(_WHAT, "values do not begin with the head")
        is_first = False
        yield steps


def _summed(chunks: Iterator[list[int]], first: int, most: int) -> array[int]:
    """Return the running sums of at most ``most`` differences, starting at ``first``."""
    sums = array("q")
    for chunk in chunks:
        try:
            chunk[0] += first
            sums.extend(accumulate(chunk))
        except OverflowError as error:
            raise ProtocolError(_WHAT, "sums are out of range") from error
        if len(sums) > most:
            raise ProtocolError(_WHAT, "more readings than seconds")
        first = sums[-1]
    return sums


def _unpack(payload: bytes, longest: int) -> bytearray:
    if len(payload) > longest:
        raise ProtocolError(_WHAT, "too long", len(payload))
    unpacking = zlib.decompressobj(wbits=_GZIP)
    text = bytearray()
    for start in range(0, len(payload), _CHUNK_BYTES):
        packed = payload[start : start + _CHUNK_BYTES]
        while packed:
            try:
                text += unpacking.decompress(packed, _CHUNK_BYTES)
            except zlib.error as error:
                raise ProtocolError(_WHAT, "can't be unpacked") from error
            if len(text) > longest:
                raise ProtocolError(_WHAT, "too long when unpacked")
            if unpacking.unused_data:
                raise ProtocolError(_WHAT, "incomplete or followed by other data")
            packed = unpacking.unconsumed_tail
    if not unpacking.eof:
        raise ProtocolError(_WHAT, "incomplete or followed by other data")
    return text
