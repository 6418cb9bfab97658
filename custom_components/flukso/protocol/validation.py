"""Checks that every JSON payload passes before its values are used."""

from collections.abc import Callable
from dataclasses import dataclass
import json
import re
import reprlib

import orjson

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None

_MAX_TEXT_LENGTH = 64
_NUMBER_LIMIT = 2**63
_TOO_LARGE = "is too large a number"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_NUMBERED = re.compile(r"[1-9][0-9]{0,2}")
#: A value that is a single word, such as a subtype, and tells nothing else.
_WORD = re.compile(r"[a-z][a-z0-9_]{0,15}")
#: A string literal, or a number that Lua prints and JSON does not have.
_STRING_OR_LUA_NUMBER = re.compile(r'"(?:[^"\\]++|\\.)*+"?|-?\b(?:inf|nan)\b', re.DOTALL)
_show = reprlib.Repr(maxlevel=1, maxlist=3, maxdict=3, maxstring=40, maxother=40)


class ProtocolError(ValueError):
    """A topic or payload that no Fluksometer sends.

    ``what`` it was and what was ``wrong`` with it are fixed phrases, so that errors can be
    counted by them. ``found`` is what was found instead, for the message; a single word of it is
    told with the settings that can't be read, too: in diagnostics, repairs and the log.
    """

    def __init__(self, what: str, wrong: str, found: object = None) -> None:
        self.what = what
        self.wrong = wrong
        self.found = found
        super().__init__(
            f"{what}: {wrong}" if found is None else f"{what}: {wrong} ({_show.repr(found)})"
        )


def load(payload: bytes, what: str, *, longest: int, brackets: int, lua: bool = False) -> Json:
    """Return JSON of at most ``longest`` bytes with at most ``brackets`` arrays and objects.

    The number of opening brackets also bounds the depth. NaN, infinities and too large an exponent
    are refused, except in what ``lua`` wrote, which prints the first two as ``nan`` and ``inf``:
    there the value is one that every range check refuses. An integer of more than 64 bits is read
    as the nearest double, and is not JSON if there is none; with ``lua`` it is read exactly, and is
    not JSON if it has more than 4300 digits.

    Raises:
        ProtocolError: too long, nested too deeply, not UTF-8 or not JSON.
    """
    if len(payload) > longest:
        raise ProtocolError(what, "too long", len(payload))
    if payload.count(b"[") + payload.count(b"{") > brackets:
        raise ProtocolError(what, "nested too deeply")
    try:
        value: Json = _load_of_lua(payload) if lua else orjson.loads(payload)
    except ValueError as error:
        raise ProtocolError(what, "not JSON") from error
    return value


def _load_of_lua(payload: bytes) -> Json:
    value: Json = json.loads(_STRING_OR_LUA_NUMBER.sub(_as_json, str(payload, "utf-8")))
    return value


def _as_json(found: re.Match[str]) -> str:
    """Return a string literal unchanged, and NaN for a number that JSON does not have."""
    return found[0] if found[0].startswith('"') else "NaN"


def is_numbered(name: str) -> bool:
    """Return whether this is the name of a sensor, port or kube section: "1" to "999"."""
    return _NUMBERED.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a config message that can't be read: which ``entry``, and what is ``wrong``.

    ``minor`` is a part without which nothing but a name is missing. No id is told.
    """

    entry: str
    wrong: str
    minor: bool = False


class Section:
    """An object of a config message whose fields are checked as they are read.

    The firmware passes its settings through Lua's ``tonumber``: a text that looks like a
    number arrives as one, a flag as 0, 1, "0" or "1", and an empty object as an empty array
    (docs/protocol.md section 4). ``unread`` are the parts of the section that were left out.
    Methods that read a field raise ProtocolError for one of another type; a missing one is None.
    """

    def __init__(self, value: Json, what: str, entry: str = "") -> None:
        fields = {} if value == [] else value
        if not isinstance(fields, dict):
            raise ProtocolError(what, "not an object")
        self.fields = fields
        self._what = what
        self._entry = entry
        self.unread: list[Unread] = []

    def wrong(self, key: str, wrong: str) -> ProtocolError:
        """Return the error for a field."""
        return ProtocolError(self._what, f"{key} {wrong}", self.fields.get(key))

    def leave_out(self, error: ProtocolError, entry: str = "", *, minor: bool = False) -> None:
        """Note what was left out: an ``entry`` of the section, or a part of this one."""
        is_word = isinstance(error.found, str) and _WORD.fullmatch(error.found) is not None
        wrong = f"{error.wrong} ({error.found})" if is_word else error.wrong
        self.unread.append(Unread(entry or self._entry, wrong, minor))

    def optional[T](self, read: Callable[[], T | None], *, minor: bool = False) -> T | None:
        """Return the result of ``read``; None if it raises ProtocolError, which is noted."""
        try:
            return read()
        except ProtocolError as error:
            self.leave_out(error, minor=minor)
            return None

    def each[T](self, read: Callable[[Section], T]) -> dict[int, T]:
        """Return the result of ``read`` for each entry whose name is a number, in their order.

        An entry that can't be read is noted and left out, and so is the main section if it can't;
        null, a gap in an array, is no entry.

        Raises:
            ProtocolError: something was left out, and there is neither an entry that can be read
                nor a main section.
        """
        found: dict[int, T] = {}
        refusal: ProtocolError | None = None
        try:
            self.section("main")
        except ProtocolError as error:
            self.leave_out(error, "main")
            refusal = error
        for number in sorted(int(key) for key in self.fields if is_numbered(key)):
            value = self.fields[str(number)]
            if value is None:
                continue
            try:
                entry = Section(value, self._what, str(number))
                found[number] = read(entry)
            except ProtocolError as error:
                self.leave_out(error, str(number))
                refusal = error
            else:
                self.unread += entry.unread
        if refusal is not None and not found and not isinstance(self.fields.get("main"), dict):
            raise ProtocolError(self._what, refusal.wrong, refusal.found)
        return found

    @property
    def main(self) -> Section:
        """The main section; an empty one if it is missing or can't be read."""
        main = self.fields.get("main")
        return Section(main if isinstance(main, dict) else {}, self._what, "main")

    def section(self, key: str) -> Section:
        """Return the section of that name; an empty one if it is missing."""
        value = self.fields.get(key)
        return Section({} if value is None else value, self._what, key)

    def has(self, key: str) -> bool:
        """Return whether there is a field that is not blank, of whatever type."""
        value = self.fields.get(key)
        return value is not None and str(value).strip() != ""

    def text(self, key: str) -> str | None:
        """Return a short printable text; a number becomes text again, an empty text None."""
        value = self.fields.get(key)
        wrong = _wrong_text(value)
        if wrong is not None:
            raise self.wrong(key, wrong)
        return _as_text(value) or None

    def flag(self, key: str) -> bool | None:
        """Return a flag; one that is null or an empty text raises ProtocolError as well."""
        if key not in self.fields:
            return None
        match self.text(key):
            case "0":
                return False
            case "1":
                return True
        raise self.wrong(key, "is neither 0 nor 1")

    def number(self, key: str, *, most: float) -> float | None:
        """Return a number from 0 to ``most``."""
        text = self.text(key)
        if text is None:
            return None
        if _NUMBER.fullmatch(text) is None:
            raise self.wrong(key, "is not a number")
        number = float(text)
        if not 0 <= number <= most:
            raise self.wrong(key, "is out of range")
        return number

    def whole(self, key: str, *, most: int) -> int | None:
        """Return a whole number from 0 to ``most``."""
        number = self.number(key, most=most)
        if number is None:
            return None
        if not number.is_integer():
            raise self.wrong(key, "is not a whole number")
        return int(number)

    def list_or_text(self, key: str) -> list[Json] | str | None:
        """Return a list of texts and numbers unchanged, or a text."""
        value = self.fields.get(key)
        if not isinstance(value, list):
            return self.text(key)
        for item in value:
            wrong = _wrong_text(item)
            if wrong is not None:
                raise self.wrong(key, wrong)
        return value

    def only(self, keys: frozenset[str]) -> dict[str, Json]:
        """Return the fields of these names, each a text, a number or a list of them.

        These are unchanged; any other value is replaced by one that can be stored, and is refused
        as well when it is read.
        """
        return {
            key: [_storable(item) for item in value]
            if isinstance(value, list)
            else _storable(value)
            for key, value in self.fields.items()
            if key in keys
        }


def _wrong_text(value: Json) -> str | None:
    """Return why a value is not the text or number of a setting; None if it is."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        return "is not text"
    if isinstance(value, int | float) and not -_NUMBER_LIMIT < value < _NUMBER_LIMIT:
        return _TOO_LARGE
    text = _as_text(value)
    if len(text) > _MAX_TEXT_LENGTH or not text.isprintable():
        return "is not a short printable text"
    return None


def _as_text(value: Json) -> str:
    """Return a text or number as text, a whole number without a fraction."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _storable(value: Json) -> Json:
    """Return the value of a setting; the limit for a number beyond it, False for anything else."""
    wrong = _wrong_text(value)
    if wrong is None:
        return value
    return _NUMBER_LIMIT if wrong == _TOO_LARGE else False
