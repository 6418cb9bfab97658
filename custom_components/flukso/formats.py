"""What is put into a text: numbers and times in the form of its language, and names in Markdown."""

from datetime import datetime
import re
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
_WORD_JOINER = "\N{WORD JOINER}"
#: What makes a link, a picture or an element in Markdown, together with what follows it.
_MARKS = re.compile(r"[\]<@]|:(?=//)|www(?=\.)", re.IGNORECASE)


class _Form(NamedTuple):
    """The separators of a number, and the form of a time."""

    thousands: str
    decimal: str
    time: str


_ENGLISH = _Form(",", ".", "%-d %B %Y, %H:%M")
_FORMS = {
    "de": _Form(".", ",", "%d.%m.%Y, %H:%M"),
    "fr": _Form(_NARROW_SPACE, ",", "%d/%m/%Y %H:%M"),
    "nl": _Form(".", ",", "%d-%m-%Y %H:%M"),
}


def readable_number(hass: HomeAssistant, value: float, decimals: int) -> str:
    """Return a number with its thousands apart, and no decimals if all of them are 0."""
    form = _form(hass)
    whole, _, fraction = f"{value:,.{decimals}f}".partition(".")
    whole = whole.replace(",", form.thousands)
    return f"{whole}{form.decimal}{fraction}" if fraction.strip("0") else whole


def readable_time(hass: HomeAssistant, seconds: float) -> str:
    """Return a time (s since 1970) in the time zone of Home Assistant."""
    local: datetime = dt_util.as_local(dt_util.utc_from_timestamp(seconds))
    return local.strftime(_form(hass).time)


def plain_name(name: str) -> str:
    """Return a name of which Markdown makes no link, no picture and no element.

    It looks the same there and in a title, where a backslash would be seen.
    """
    return _MARKS.sub(rf"\g<0>{_WORD_JOINER}", name)


def _form(hass: HomeAssistant) -> _Form:
    return _FORMS.get(hass.config.language.partition("-")[0], _ENGLISH)
