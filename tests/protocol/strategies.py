"""Payloads that no meter sends, which every parser must parse or refuse."""

from collections.abc import Callable
import json
from math import isinf, isnan
from typing import Any

from hypothesis import strategies as st

from custom_components.flukso.protocol.validation import ProtocolError

type Value = Any


def parsed_or_refused[T](parse: Callable[[], T]) -> T | None:
    """Return the result of a parser; None if it raises ProtocolError, the only one allowed."""
    try:
        return parse()
    except ProtocolError:
        return None


#: Texts that some function of Python takes for a number, a line or a name.
ODD_TEXTS = (
    *("", " ", "0", "1", "01", "-1", "+1", "1.0", ".5", "5.", "1e2", "1e999", "-1e999", "0x10"),
    *("1_0", "nan", "inf", "-inf", "infinity", "NaN", "١", "²", "１", "½", "1\n", "1\x00"),
    *("\ud800", "\x00", "\x1b[31m", "a\nb", "\u202e", "\ufeff", "x" * 65, "main", "ttyS0"),
    *("pplus", "alpha", "electricity", "gauge", "counter", "kube", "cosem", "0123456789abcdef" * 2),
)

texts = st.sampled_from(ODD_TEXTS) | st.text(st.characters(exclude_categories=()), max_size=70)
numbers = (
    st.sampled_from((0, 1, -1, 2**31, 2**32, 2**53, 2**63, -(2**63), 10**400, 1e308, 5e-324, -0.0))
    | st.integers()
    | st.floats()
)
scalars = st.none() | st.booleans() | numbers | texts

any_json: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)

_settings = st.sampled_from(
    (
        *("id", "enable", "type", "subtype", "class", "data_type", "port", "rid", "kid"),
        *("function", "name", "current", "constant", "phase", "math", "hw_type", "sw_version"),
        *("tmpo", "key", "null_key", "hw_id"),
    )
)
_section_names = st.sampled_from(("1", "2", "37", "999", "main", "01", "0", "²", "1000", "tmpo"))

#: Messages that resemble a configuration.
config_like: st.SearchStrategy[Value] = st.dictionaries(
    _section_names | texts,
    st.dictionaries(_settings, scalars | st.lists(scalars, max_size=3) | any_json, max_size=6)
    | any_json,
    max_size=5,
)

#: Slots that are nearly right, so that the rare branches are reached.
nearly_slots: st.SearchStrategy[Value] = st.fixed_dictionaries(
    {"enable": st.sampled_from((0, 1, "0", "1", True, 1.0, None))},
    optional={
        "id": st.sampled_from(("a" * 32, "b" * 32, "A" * 32, 7)) | texts,
        "type": st.sampled_from(("electricity", "gas", "temperature", "", 5)) | texts,
        "subtype": st.sampled_from(("pplus", "alpha", "", None)) | texts,
        "data_type": st.sampled_from(("gauge", "counter", "")) | scalars,
        "class": st.sampled_from(("kube", "analog", "pulse", "cosem", "uart")) | scalars,
        "port": st.sampled_from(([1], [4], [1, 2, 3], "ttyS0", 4, [], [0], ["1"])) | any_json,
        "rid": numbers | texts,
        "kid": numbers | texts,
        "function": texts,
        "name": scalars,
        "current": scalars,
        "constant": scalars,
        "hw_type": scalars,
        "sw_version": scalars,
    },
)
nearly_configs: st.SearchStrategy[Value] = st.dictionaries(_section_names, nearly_slots, max_size=5)


def as_payload(value: Value) -> bytes:
    """Return a payload with NaN and infinities as words, and surrogates escaped."""
    return json.dumps(value).encode()


def as_lua_payload(value: Value) -> bytes:
    """Return a payload as Lua prints it: NaN and infinities in its own words, no empty object."""
    return _lua(value).encode()


def _lua(value: Value) -> str:
    if isinstance(value, dict) and value:
        return (
            "{" + ",".join(f"{json.dumps(key)}:{_lua(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list | dict):
        return "[" + ",".join(map(_lua, value)) + "]"
    if isinstance(value, float) and isnan(value):
        return "-nan"
    if isinstance(value, float) and isinf(value):
        return "inf" if value > 0 else "-inf"
    return json.dumps(value)
