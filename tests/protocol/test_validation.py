"""What is accepted as JSON, and what as a setting."""

import json

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.validation import (
    Json,
    ProtocolError,
    Section,
    Unread,
    is_numbered,
    load,
)

from .strategies import any_json, as_payload, numbers, parsed_or_refused, scalars, texts

_KEYS = frozenset(("name", "port"))


def _load(payload: bytes) -> Json:
    return load(payload, "a message", longest=1_000, brackets=10)


def _section(value: Json) -> Section:
    return Section({"field": value}, "a config")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    parsed_or_refused(lambda: _load(payload))


@given(any_json)
def test_any_json_is_read_as_the_json_that_it_is_or_refused(value: Json) -> None:
    payload = as_payload(value)
    read = parsed_or_refused(lambda: _load(payload))
    assert read is None or as_payload(read) == as_payload(json.loads(payload, parse_int=_integer))


def _integer(digits: str) -> float:
    """Return an integer; of more than 64 bits, the nearest double."""
    return int(digits) if -(2**63) <= int(digits) < 2**64 else float(digits)


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"[1,]", "not JSON"),
        (b"{flm:{time:[1,2]}}", "not JSON"),
        (b"\xef\xbb\xbf[1]", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'"\xed\xa0\x80"', "not JSON"),
        (b'"a\nb"', "not JSON"),
        (b"\x1f\x8b\x08\x00", "not JSON"),
        (b"1_0", "not JSON"),
        (b"01", "not JSON"),
        (b"0x10", "not JSON"),
        ("١".encode(), "not JSON"),
        (b"NaN", "not JSON"),
        (b"Infinity", "not JSON"),
        (b"-Infinity", "not JSON"),
        (b"[" * 11 + b"]" * 11, "nested too deeply"),
        (b'{"a":' * 11 + b"1" + b"}" * 11, "nested too deeply"),
        (b"[" * 1_000, "nested too deeply"),
        (b" " * 1_001, "too long"),
    ],
)
def test_what_no_meter_sends_is_refused(payload: bytes, wrong: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        _load(payload)
    assert (refusal.value.what, refusal.value.wrong) == ("a message", wrong)


def test_a_number_too_long_for_python_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not JSON"):
        load(b"9" * 10_000, "a message", longest=10_000, brackets=0)


def test_messages_up_to_their_limits_are_read() -> None:
    assert _load(b" " * 999 + b"1") == 1
    assert _load(b"[" * 10 + b"]" * 10) == [[[[[[[[[[]]]]]]]]]]


def test_the_deepest_nesting_that_a_config_may_have_is_read() -> None:
    payload = b'{"a":' * 1_000 + b"1" + b"}" * 1_000
    assert load(payload, "a config", longest=65_536, brackets=1_000)


@given(any_json)
def test_an_error_shows_an_excerpt_of_what_was_found(found: Json) -> None:
    error = ProtocolError("a message", "strange", found)
    assert str(error).startswith("a message: strange")
    assert str(error).isprintable()
    assert len(str(error)) < 350


def test_an_error_that_found_nothing_to_show_shows_nothing() -> None:
    assert str(ProtocolError("a message", "strange")) == "a message: strange"


def test_an_error_about_a_huge_nest_of_long_texts_stays_short() -> None:
    nest: Json = "x" * 1_000
    for _ in range(6):
        nest = [nest, {"y" * 1_000: nest}] * 3
    assert len(str(ProtocolError("a message", "strange", nest))) < 350


@pytest.mark.parametrize("name", ["1", "9", "10", "128", "999"])
def test_the_name_of_a_slot_is_its_number(name: str) -> None:
    assert is_numbered(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "0",
        "01",
        "00",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1000",
        "1_0",
        "1.0",
        "²",
        "١",
        "１",
        "main",
    ],
)
def test_any_other_name_is_no_slot(name: str) -> None:
    assert not is_numbered(name)


@given(st.dictionaries(texts, st.just({})))
def test_numbered_sections_are_found_whatever_else_there_is(config: dict[str, Json]) -> None:
    numbered = Section(config, "a config").each(lambda section: section)
    assert sorted(map(str, numbered)) == sorted(name for name in config if is_numbered(name))


def test_a_main_section_that_is_none_is_told_and_costs_no_other() -> None:
    config = Section({"main": "on", "1": {}}, "a config")
    assert list(config.each(lambda section: section)) == [1]
    assert config.unread == [Unread("main", "not an object")]


def test_a_config_of_nothing_but_a_main_section_that_is_none_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not an object"):
        Section({"main": "on"}, "a config").each(lambda section: section)


def test_what_is_left_out_of_a_whole_message_is_told_without_an_entry() -> None:
    config = Section({"phase": ["3p+n"]}, "a config")
    assert config.optional(lambda: config.text("phase")) is None
    assert config.unread == [Unread("", "phase is not text")]


@given(any_json)
def test_a_section_is_an_object_or_refused(value: Json) -> None:
    section = parsed_or_refused(lambda: Section(value, "a config"))
    assert (section is not None) == (isinstance(value, dict) or value == [])


@pytest.mark.parametrize("fields", [{}, {"main": None}, {"main": []}])
def test_a_section_that_is_missing_or_empty_is_empty(fields: dict[str, Json]) -> None:
    assert Section(fields, "a config").section("main").text("phase") is None


@pytest.mark.parametrize("value", ["text", 0, False, 1.5])
def test_a_section_that_is_no_object_is_refused(value: Json) -> None:
    with pytest.raises(ProtocolError, match="not an object"):
        Section({"main": value}, "a config").section("main")


def test_an_error_names_the_field_and_shows_it() -> None:
    error = _section("odd").wrong("field", "is odd")
    assert (error.what, error.wrong, str(error)) == (
        "a config",
        "field is odd",
        "a config: field is odd ('odd')",
    )


@given(any_json)
def test_any_value_is_a_text_or_refused(value: Json) -> None:
    text = parsed_or_refused(lambda: _section(value).text("field"))
    assert text is None or (0 < len(text) <= 64 and text.isprintable() and text == text.strip())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("main", "main"),
        (" Solar panels ", "Solar panels"),
        ("Zähler 1 °", "Zähler 1 °"),
        (123, "123"),
        (-4, "-4"),
        (2.5, "2.5"),
        (1e16, "10000000000000000"),
        (1234567890123500.0, "1234567890123500"),
        (-0.0, "0"),
        ("x" * 64, "x" * 64),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_a_name_that_looks_like_a_number_becomes_text_again(value: Json, text: str | None) -> None:
    assert _section(value).text("field") == text


@pytest.mark.parametrize(
    "value",
    [
        *(True, False, [], ["main"], {}, {"name": "main"}),
        *("x" * 65, "a\nb", "a\x00", "\x1b[31m", "\ud800", "\u202emain", "\ufeffmain"),
        *(2**63, -(2**63), 10**400, 1e300, float("inf"), float("-inf"), float("nan")),
    ],
)
def test_what_is_no_text_of_a_setting_is_refused(value: Json) -> None:
    with pytest.raises(ProtocolError, match="field is"):
        _section(value).text("field")


@pytest.mark.parametrize(
    ("value", "flag"), [(0, False), ("0", False), (1, True), ("1", True), (1.0, True)]
)
def test_a_flag_is_0_or_1_as_number_or_text(value: Json, flag: bool) -> None:
    assert _section(value).flag("field") is flag


def test_a_flag_that_is_missing_is_neither() -> None:
    assert Section({}, "a config").flag("field") is None


@pytest.mark.parametrize("value", [True, False, None, "", 2, -1, "on", "true", 1.5, "١", "01", [1]])
def test_anything_else_is_no_flag(value: Json) -> None:
    with pytest.raises(ProtocolError, match="field is"):
        _section(value).flag("field")


@given(scalars)
def test_any_value_is_a_number_in_range_or_refused(value: Json) -> None:
    number = parsed_or_refused(lambda: _section(value).number("field", most=100))
    assert number is None or 0 <= number <= 100


@given(st.floats(0, 100) | st.integers(0, 100))
def test_a_number_in_range_is_read_from_number_and_text(value: float) -> None:
    assert _section(value).number("field", most=100) == value
    assert _section(str(value)).number("field", most=100) == value


@pytest.mark.parametrize(
    "value",
    [
        *("nan", "inf", "-inf", "infinity", "Infinity", "NaN"),
        *("1_0", "１", "١", "½", "0x10", "+1", ".5", "5.", "1e", "1 0", "ten", "1,5"),
        *(True, False, [], [1], {}),
    ],
)
def test_what_only_python_calls_a_number_is_refused(value: Json) -> None:
    with pytest.raises(ProtocolError, match="field is no"):
        _section(value).number("field", most=100)


@pytest.mark.parametrize(
    "value", [-1, -0.001, 100.001, 101, "-1", "101", "1e3", "1e999", "9" * 64, 2**62]
)
def test_a_number_out_of_range_is_refused(value: Json) -> None:
    with pytest.raises(ProtocolError, match="field is out of range"):
        _section(value).number("field", most=100)


@given(numbers | texts)
def test_any_value_is_a_whole_number_or_refused(value: Json) -> None:
    whole = parsed_or_refused(lambda: _section(value).whole("field", most=2**31))
    assert whole is None or (type(whole) is int and 0 <= whole <= 2**31)


@pytest.mark.parametrize("value", [5, "5", 5.0, "5.0"])
def test_a_whole_number_is_read_however_it_is_written(value: Json) -> None:
    assert _section(value).whole("field", most=99) == 5


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(ProtocolError, match="field is not a whole number"):
        _section(5.5).whole("field", most=99)


@pytest.mark.parametrize("value", [None, "", " "])
def test_a_number_that_is_missing_or_empty_is_none(value: Json) -> None:
    assert _section(value).number("field", most=99) is None
    assert _section(value).whole("field", most=99) is None
    assert Section({}, "a config").number("field", most=99) is None


@pytest.mark.parametrize(
    ("value", "items"), [([1, "2"], [1, "2"]), ([], []), ("ttyS0", "ttyS0"), (4, "4"), (None, None)]
)
def test_a_list_stays_a_list_and_a_text_a_text(value: Json, items: Json) -> None:
    assert _section(value).list_or_text("field") == items


@pytest.mark.parametrize("value", [[[1]], [{}], [True], ["\ud800"], [2**63], ["x" * 65], {}])
def test_a_list_of_anything_but_texts_and_numbers_is_refused(value: Json) -> None:
    with pytest.raises(ProtocolError, match="field is"):
        _section(value).list_or_text("field")


def test_only_the_wanted_fields_are_kept() -> None:
    section = Section({"name": 5, "key": "secret", "port": [1]}, "a config")
    assert section.only(_KEYS) == {"name": 5, "port": [1]}


@given(st.dictionaries(st.sampled_from(("name", "port", "key")), any_json))
def test_what_is_kept_is_plain_and_can_be_stored(fields: dict[str, Json]) -> None:
    kept = parsed_or_refused(lambda: Section(fields, "a config").only(_KEYS)) or {}
    assert kept.keys() <= _KEYS
    for value in kept.values():
        for item in value if isinstance(value, list) else [value]:
            assert isinstance(item, str | int | float | None)
            assert item is not True
            json.dumps(item, allow_nan=False, ensure_ascii=False).encode()
