"""The meter's own memory: blocks of a sensor's readings (docs/protocol.md section 7).

A block may hold a million readings, and is unpacked in a worker while the event loop goes on. As
one call into the interpreter holds the loop until it returns, all is done piece by piece, with a
breath after each.
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
_TOPIC = re.compile(r"/sensor/([^/]+)/tmpo/([0-9]{1,6})/([0-9]{1,2})/([0-9]{1,10})/gz")

#: A block of level n spans 2ⁿ seconds.
LEVELS = frozenset({8, 12, 16, 20})

#: What tells zlib that what it unpacks is in the gzip format.
_GZIP = zlib.MAX_WBITS | 16
#: What a reading takes as text at most: two differences with their commas.
_BYTES_A_READING = 24
_LONGEST_HEADER = 4096
_HEADER_BRACKETS = 32
#: What is worked through at once, and how long (s) other threads may go on then.
_PIECE_BYTES = 16 * 1024
_BREATH = 0.0001
_OPENING = re.compile(rb"\s{0,9}\{\s{0,9}")
_HEADER_OR_LIST = re.compile(rb'"(?:(h)"\s{0,9}:\s{0,9}(?=\{)|([tv])"\s{0,9}:\s{0,9}(?=\[))')
_COMMA = re.compile(rb"\s{0,9},\s{0,9}")
_CLOSING = re.compile(rb"\s{0,9}\}\s{0,9}")
_BRACKET_OR_TEXT = re.compile(r'[{}]|"(?:[^"\\]|\\.)*"|[^{}"]+')
_NUMERIC = b"0123456789+-.eE, \t\r\n"
_THOUSAND = 1000
#: Beyond what a counter of 64 bits in thousandths can hold.
_BEYOND = 2**53


@dataclass(frozen=True, slots=True)
class BlockAddress:
    """Which stretch of which sensor's readings a block holds.

    ``rid`` numbers the uses of the sensor, ``bid`` is the second that the stretch begins at.
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

    ``unit`` is None where the meter does not say it.
    """

    address: BlockAddress
    kind: Kind
    unit: Unit | None
    times: array[int]
    thousandths: array[int]


def block_topic_filter(prefix: str, sensor_id: str, level: int) -> str:
    """What to subscribe to for the blocks of a level."""
    return f"{prefix}/sensor/{sensor_id}/tmpo/+/{level}/+/gz"


def parse_block_topic(topic: str, prefix: str) -> BlockAddress:
    """Read which block a message brings.

    Raises:
        ProtocolError: no topic of a block, or of one that no Fluksometer makes.
    """
    match = _TOPIC.fullmatch(topic.removeprefix(prefix)) if topic.startswith(prefix) else None
    if match is None or not is_id(match[1]):
        raise ProtocolError("topic", "not that of a tmpo block", topic)
    address = BlockAddress(
        sensor_id=match[1], rid=int(match[2]), level=int(match[3]), bid=int(match[4])
    )
    if address.level not in LEVELS:
        raise ProtocolError("topic", "not a level of tmpo blocks", address.level)
    if address.bid % (1 << address.level) or not CLOCK_IS_SET < address.end <= END_OF_TIME:
        raise ProtocolError("topic", "not where a tmpo block begins", address.bid)
    return address


def decode(address: BlockAddress, payload: bytes) -> Block:
    """Unpack a block; made for a worker thread.

    Raises:
        ProtocolError: it can't be unpacked, or what it says does not agree with itself.
    """
    text = _unpack(payload, (_BYTES_A_READING << address.level) + _LONGEST_HEADER)
    places = _places(text)
    header = _header(bytes(text[places["h"]]))
    config = header.section("cfg")
    if header.whole("vsn", most=1) != 1:
        raise header.wrong("vsn", "is not known")
    if config.text("id") not in {None, address.sensor_id}:
        raise config.wrong("id", "is another sensor's")
    first, last = _moment(header, "head"), _moment(header, "tail")
    most = 1 << address.level
    times = _summed(_times(text, places["t"]), first[0], most)
    values = _summed(_thousandths(text, places["v"]), first[1], most)
    if len(times) != len(values):
        raise ProtocolError(_WHAT, "its times and values are not equally many")
    if (times[-1], values[-1]) != last:
        raise ProtocolError(_WHAT, "its readings do not end at its tail", last)
    if times[0] < address.begin or times[-1] >= address.end:
        raise ProtocolError(_WHAT, "its readings are not within its span", last)
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


def _places(text: bytearray) -> dict[str, slice]:
    """Where the header and the two lists are, whichever of them comes first."""
    places: dict[str, slice] = {}
    position = _next(_OPENING, text, 0).end()
    for what_follows in (_COMMA, _COMMA, _CLOSING):
        key = _next(_HEADER_OR_LIST, text, position)
        end = _end_of_header(text, key.end()) if key[1] else text.find(b"]", key.end()) + 1
        places[(key[1] or key[2]).decode()] = slice(key.end(), end)
        position = _next(what_follows, text, end).end()
    if position != len(text) or places.keys() != {"h", "t", "v"}:
        raise ProtocolError(_WHAT, "not a header and two lists")
    return places


def _next(expected: re.Pattern[bytes], text: bytearray, position: int) -> re.Match[bytes]:
    match = expected.match(text, position)
    if match is None:
        raise ProtocolError(_WHAT, "not a header and two lists")
    return match


def _end_of_header(text: bytearray, start: int) -> int:
    """Where the object that starts there ends; 0 if it does not."""
    window = text[start : start + _LONGEST_HEADER].decode("latin-1")
    depth = 0
    for found in _BRACKET_OR_TEXT.finditer(window):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
        if not depth:
            return start + found.end()
    return 0


def _header(text: bytes) -> Section:
    return Section(load(text, _WHAT, longest=_LONGEST_HEADER, brackets=_HEADER_BRACKETS), _WHAT)


def _moment(header: Section, key: str) -> tuple[int, int]:
    """The first or last reading as the header has it: its time, its value in thousandths."""
    match header.items(key):
        case [int(time), int() | float() as value] if 0 <= time < END_OF_TIME:
            if abs(value) < _BEYOND / _THOUSAND:
                return time, round(value * _THOUSAND)
    raise header.wrong(key, "is no reading")


def _pieces(text: bytearray, place: slice) -> Iterator[list[int | float]]:
    """The numbers of a list, some thousands at a time."""
    start, end = place.start + 1, place.stop - 1
    while start <= end:
        comma = text.find(b",", min(start + _PIECE_BYTES, end), end)
        stop = end if comma < 0 else comma
        if stop > start + 2 * _PIECE_BYTES:
            raise ProtocolError(_WHAT, "not a list of numbers")
        piece = bytes(text[start:stop])
        if piece.translate(None, _NUMERIC):
            raise ProtocolError(_WHAT, "not a list of numbers")
        try:
            numbers = loads(b"[%b]" % piece)
        except ValueError as error:
            raise ProtocolError(_WHAT, "not a list of numbers") from error
        if not numbers:
            raise ProtocolError(_WHAT, "not a list of numbers")
        yield numbers
        sleep(_BREATH)
        start = stop + 1


def _times(text: bytearray, place: slice) -> Iterator[list[int]]:
    """The differences between times: 0, then whole seconds that pass."""
    is_first = True
    for piece in _pieces(text, place):
        steps = [step for step in piece if type(step) is int]
        rising = steps[1:] if is_first else steps
        if len(steps) != len(piece) or (is_first and steps[0]) or min(rising, default=1) < 1:
            raise ProtocolError(_WHAT, "its times do not rise in seconds")
        is_first = False
        yield steps


def _thousandths(text: bytearray, place: slice) -> Iterator[list[int]]:
    """The differences between values in thousandths, the first of them 0."""
    is_first = True
    for piece in _pieces(text, place):
        try:
            steps = [round(step * _THOUSAND) for step in piece]
        except (OverflowError, ValueError) as error:
            raise ProtocolError(_WHAT, "its values are beyond all counters") from error
        if is_first and steps[0]:
            raise ProtocolError(_WHAT, "its values do not begin at its head")
        is_first = False
        yield steps


def _summed(pieces: Iterator[list[int]], first: int, most: int) -> array[int]:
    """The running sums of at most so many differences, from a first one."""
    sums = array("q")
    for piece in pieces:
        try:
            piece[0] += first
            sums.extend(accumulate(piece))
        except OverflowError as error:
            raise ProtocolError(_WHAT, "its sums are beyond all counters") from error
        if len(sums) > most:
            raise ProtocolError(_WHAT, "more readings than seconds")
        first = sums[-1]
    return sums


def _unpack(payload: bytes, longest: int) -> bytearray:
    if len(payload) > longest:
        raise ProtocolError(_WHAT, "too long", len(payload))
    unpacking = zlib.decompressobj(wbits=_GZIP)
    text = bytearray()
    for start in range(0, len(payload), _PIECE_BYTES):
        packed = payload[start : start + _PIECE_BYTES]
        while packed:
            try:
                text += unpacking.decompress(packed, _PIECE_BYTES)
            except zlib.error as error:
                raise ProtocolError(_WHAT, "can't be unpacked") from error
            if len(text) > longest:
                raise ProtocolError(_WHAT, "too long when unpacked")
            if unpacking.unused_data:
                raise ProtocolError(_WHAT, "does not end where it should")
            packed = unpacking.unconsumed_tail
    if not unpacking.eof:
        raise ProtocolError(_WHAT, "does not end where it should")
    return text
