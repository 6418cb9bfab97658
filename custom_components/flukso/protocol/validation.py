"""Checks that every JSON payload passes before its values are used."""

import json
import re
import reprlib
from typing import Never

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None

_MAX_TEXT_LENGTH = 64
_NUMBER_LIMIT = 2**63
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
_NUMBERED = re.compile(r"[1-9][0-9]{0,2}")
_show = reprlib.Repr(maxlevel=1, maxlist=3, maxdict=3, maxstring=40, maxother=40)


class ProtocolError(ValueError):
    """A topic or payload that no Fluksometer sends.

    ``what`` it was and what was ``wrong`` with it are fixed phrases, so that errors can be
    counted by them; ``found`` is an excerpt of the payload for the message only.
    """

    def __init__(self, what: str, wrong: str, found: object = None) -> None:
        self.what = what
        self.wrong = wrong
        super().__init__(
            f"{what}: {wrong}" if found is None else f"{what}: {wrong} ({_show.repr(found)})"
        )


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_BLANK = b" \t\n\r"


def load(payload: bytes, what: str, *, longest: int, brackets: int) -> Json:
    """Return JSON of at most ``longest`` bytes with at most ``brackets`` arrays and objects.

    The number of opening brackets also bounds the depth. NaN and infinities, which Python's
    decoder accepts, are refused; a number with too large an exponent still becomes an
    infinity, which every range check refuses.

    Raises:
        ProtocolError: too long, nested too deeply, not UTF-8 or not JSON.
    """
    if len(payload) > longest:
        raise ProtocolError(what, "too long", len(payload))
    if payload.count(b"[") + payload.count(b"{") > brackets:
        raise ProtocolError(what, "nested too deeply")
    value: Json
    try:
        text = str(payload.strip(_BLANK), "utf-8")
        value, end = _DECODER.raw_decode(text)
    except ValueError as error:
        raise ProtocolError(what, "not JSON") from error
    if end != len(text):
        raise ProtocolError(what, "not JSON")
    return value


def is_numbered(name: str) -> bool:
    """Return whether this is the name of a sensor, port or kube section: "1" to "999"."""
    return _NUMBERED.fullmatch(name) is not None


class Section:
    """An object of a config message whose fields are checked as they are read.

    The firmware passes its settings through Lua's ``tonumber``: a text that looks like a
    number arrives as one, and a flag as 0, 1, "0" or "1" (docs/protocol.md section 4).
    Every method raises ProtocolError for a field of another type; a missing field is None.
    """

    def __init__(self, value: Json, what: str) -> None:
        if not isinstance(value, dict):
            raise ProtocolError(what, "not an object")
        self._fields = value
        self._what = what

    def wrong(self, key: str, wrong: str) -> ProtocolError:
        """Return the error for a field."""
        return ProtocolError(self._what, f"{key} {wrong}", self._fields.get(key))

    def numbered(self) -> dict[int, Section]:
        """Return the sections whose names are numbers, by number."""
        return {
            int(key): Section(value, self._what)
            for key, value in self._fields.items()
            if is_numbered(key)
        }

    def section(self, key: str) -> Section:
        """Return the section of that name; an empty one if it is missing."""
        return Section(self._fields.get(key, {}), self._what)

    def text(self, key: str) -> str | None:
        """Return a short printable text; a number becomes text again, an empty text None."""
        value = self._fields.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise self.wrong(key, "is not text")
        if isinstance(value, int | float) and not -_NUMBER_LIMIT < value < _NUMBER_LIMIT:
            raise self.wrong(key, "is too large a number")
        text = str(value).strip() if value is not None else ""
        if len(text) > _MAX_TEXT_LENGTH or not text.isprintable():
            raise self.wrong(key, "is not a short printable text")
        return text or None

    def flag(self, key: str) -> bool | None:
        """Return a flag."""
        if key not in self._fields:
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

    def items(self, key: str) -> list[Json] | str | None:
        """Return a list of texts and numbers unchanged, or a text."""
        value = self._fields.get(key)
        if not isinstance(value, list):
            return self.text(key)
        for item in value:
            Section({key: item}, self._what).text(key)
        return value

    def only(self, keys: frozenset[str]) -> dict[str, Json]:
        """Return the fields of these names unchanged, each a text, a number or a list of them."""
        fields = {key: value for key, value in self._fields.items() if key in keys}
        for key in fields:
            self.items(key)
        return fields
