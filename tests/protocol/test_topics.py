"""Topics, with and without what a bridge puts before them."""

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.topics import (
    ANY_PREFIX,
    CONFIG_REPORTS,
    EVERY_CONFIG,
    Kind,
    Report,
    bridge_mapping,
    clean_prefix,
    clock_topic,
    current_topic,
    device_id_of,
    is_id,
    prefix_of,
    reading_topic,
    report_topic,
    sensor_id_of,
    similar_prefixes,
    voltage_topic,
)
from custom_components.flukso.protocol.validation import ProtocolError

from .strategies import parsed_or_refused, texts

_ID = "0123456789abcdef" * 2
_PREFIXES = ("/", "", "home/", "home/flukso//", "home", "/leading/", "a b/", "Haus/Zähler/")

ids = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(ids, st.sampled_from(Report), st.sampled_from(_PREFIXES))
def test_the_topic_of_a_report_has_the_id_of_its_meter(
    device_id: str, report: Report, prefix: str
) -> None:
    assert device_id_of(report_topic(prefix, device_id, report), report, prefix) == device_id


@pytest.mark.parametrize(
    ("prefix", "topic"),
    [
        ("/", f"/device/{_ID}/config/sensor"),
        ("", f"device/{_ID}/config/sensor"),
        ("home/flukso/", f"home/flukso/device/{_ID}/config/sensor"),
        ("home//", f"home//device/{_ID}/config/sensor"),
        ("/leading/", f"/leading/device/{_ID}/config/sensor"),
    ],
)
def test_a_prefix_is_all_that_stands_before_the_device(prefix: str, topic: str) -> None:
    assert report_topic(prefix, _ID, Report.SENSORS) == topic


def test_the_topics_are_those_that_the_firmware_publishes_to() -> None:
    assert [report_topic("/", _ID, report) for report in CONFIG_REPORTS] == [
        f"/device/{_ID}/config/{config}" for config in ("sensor", "flx", "kube")
    ]
    assert report_topic("/", _ID, Report.SELF_TEST) == f"/device/{_ID}/test/tap"
    assert clock_topic("/", _ID) == f"/device/{_ID}/flx/time"
    assert voltage_topic("/", _ID) == f"/device/{_ID}/flx/voltage/1"
    assert current_topic("/", _ID, 3) == f"/device/{_ID}/flx/current/3"


def test_a_meter_is_looked_for_below_up_to_two_levels_and_a_slash() -> None:
    assert ANY_PREFIX == ("+/", "+/+/", "+/+/+/")


@pytest.mark.parametrize("prefix", _PREFIXES)
@pytest.mark.parametrize("report", CONFIG_REPORTS)
def test_the_prefix_of_a_meter_is_found_in_the_topic_of_its_configuration(
    prefix: str, report: Report
) -> None:
    assert prefix_of(report_topic(prefix, _ID, report)) == prefix


@pytest.mark.parametrize(
    "topic",
    [
        "",
        f"/device/{_ID[1:]}/config/sensor",
        f"/device/{_ID}/test/tap",
        f" home/device/{_ID}/config/sensor",
        f"+/device/{_ID}/config/sensor",
    ],
)
def test_another_topic_has_no_prefix_of_a_meter(topic: str) -> None:
    with pytest.raises(ProtocolError):
        prefix_of(topic)


@pytest.mark.parametrize("report", Report)
def test_a_report_of_another_kind_is_refused(report: Report) -> None:
    for other in set(Report) - {report}:
        with pytest.raises(ProtocolError, match="not a meter's"):
            device_id_of(report_topic("/", _ID, other), report, "/")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "/device/config/sensor",
        "/device//config/sensor",
        f"device/{_ID}/config/sensor",
        f"//device/{_ID}/config/sensor",
        f"home/device/{_ID}/config/sensor",
        f"/device/{_ID}/config/sensor/",
        f"/device/{_ID}/config/sensors",
        f"/device/{_ID}/config/meters",
        f"/sensor/{_ID}/config/sensor",
        f"/device/{_ID}/x/config/sensor",
        f"/device/{_ID.upper()}/config/sensor",
        f"/device/{_ID[:-1]}/config/sensor",
        f"/device/{_ID}0/config/sensor",
        f"/device/{_ID}\n/config/sensor",
        f"/device/{'g' * 32}/config/sensor",
        f"/device/{'١' * 32}/config/sensor",
        "/device/+/config/sensor",
        f"/sensor/{_ID}/gauge",
    ],
)
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        device_id_of(topic, Report.SENSORS, "/")
    assert refusal.value.what == "topic"


def test_a_topic_without_the_prefix_is_refused() -> None:
    with pytest.raises(ProtocolError):
        device_id_of(f"/device/{_ID}/config/sensor", Report.SENSORS, "home/")


@given(texts, st.sampled_from(Report), texts)
def test_any_topic_has_an_id_or_is_refused(topic: str, report: Report, prefix: str) -> None:
    device_id = parsed_or_refused(lambda: device_id_of(topic, report, prefix))
    assert device_id is None or is_id(device_id)


@given(st.text())
def test_an_id_is_32_lower_case_hexadecimal_digits(text: str) -> None:
    assert is_id(text) == (len(text) == 32 and set(text) <= set("0123456789abcdef"))


def test_readings_have_a_topic_for_each_kind() -> None:
    assert reading_topic("/", _ID, Kind.GAUGE) == f"/sensor/{_ID}/gauge"
    assert reading_topic("", _ID, Kind.GAUGE) == f"sensor/{_ID}/gauge"
    assert reading_topic("home//", _ID, Kind.COUNTER) == f"home//sensor/{_ID}/counter"


@given(ids, st.sampled_from(Kind), st.sampled_from(_PREFIXES))
def test_the_topic_of_a_reading_has_the_id_of_its_sensor(
    sensor_id: str, kind: Kind, prefix: str
) -> None:
    topic = reading_topic(prefix, sensor_id, kind)
    assert sensor_id_of(topic, prefix) == sensor_id
    for other in (f"{topic}/", f"x{topic}", topic[:-1], topic.upper(), f"{prefix}sensor/x/gauge"):
        with pytest.raises(ProtocolError, match="not the topic of a reading"):
            sensor_id_of(other, prefix)


def test_one_subscription_receives_the_three_configs_of_every_meter() -> None:
    levels = EVERY_CONFIG.split("/")
    for report in CONFIG_REPORTS:
        topic = report_topic("", _ID, report).split("/")
        assert all(wanted in ("+", level) for wanted, level in zip(levels, topic, strict=True))


@pytest.mark.parametrize(
    ("typed", "prefix"),
    [
        ("", ""),
        ("  ", ""),
        ("/", "/"),
        ("home", "home"),
        (" home/flukso/ ", "home/flukso/"),
        ("home//", "home//"),
        ("/home", "/home"),
        ("home / ", "home /"),
        ("a b", "a b"),
        ("x" * 128, "x" * 128),
    ],
)
def test_a_typed_prefix_loses_the_blanks_around_it(typed: str, prefix: str) -> None:
    assert clean_prefix(typed) == prefix


@pytest.mark.parametrize(
    "typed", ["home/#", "+", "a+b", "a\x00b", "a\nb", "a\tb", "\ud800", "\u202ea", "x" * 129]
)
def test_what_a_topic_cannot_have_is_refused(typed: str) -> None:
    with pytest.raises(ProtocolError, match="topic prefix"):
        clean_prefix(typed)


@given(texts | st.text(" /a\t", max_size=20))
def test_a_clean_prefix_is_clean_and_stays_as_it_is(typed: str) -> None:
    prefix = parsed_or_refused(lambda: clean_prefix(typed))
    if prefix is not None:
        assert clean_prefix(prefix) == prefix
        assert prefix == prefix.strip()
        assert prefix.isprintable()
        assert not set("+#") & set(prefix)


@given(st.sampled_from(_PREFIXES), ids, st.sampled_from(Report))
def test_a_prefix_is_part_of_the_topic_that_it_was_typed_for(
    prefix: str, device_id: str, report: Report
) -> None:
    topic = report_topic(clean_prefix(f" {prefix} "), device_id, report)
    assert device_id_of(topic, report, prefix) == device_id


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        ("", ("", "/", "//")),
        ("/", ("/", "", "//")),
        ("flukso", ("flukso", "flukso/", "flukso//")),
        ("flukso/", ("flukso/", "flukso", "flukso//")),
        ("flukso//", ("flukso//", "flukso/", "flukso")),
        ("box/", ("box/", "box", "box//")),
        ("/a/b", ("/a/b", "/a/b/", "/a/b//")),
    ],
)
def test_a_prefix_is_tried_as_typed_and_then_with_a_slash_more_or_less(
    typed: str, tried: tuple[str, ...]
) -> None:
    assert similar_prefixes(typed) == tried


@given(st.sampled_from(("", "a", "/a/b")), st.sampled_from(("", "/", "//")))
def test_a_forgotten_or_added_slash_is_among_what_is_tried(stem: str, slashes: str) -> None:
    prefix = stem + slashes
    for typed in (prefix, f"{prefix}/", prefix.removesuffix("/")):
        assert similar_prefixes(typed)[0] == typed
        assert prefix in similar_prefixes(typed)


@pytest.mark.parametrize(
    ("prefix", "line"),
    [
        ("/", "topic /sensor/+/gauge in 0"),
        ("home/flukso/", "topic /sensor/+/gauge in 0 home/flukso"),
        ("flukso//", "topic /sensor/+/gauge in 0 flukso/"),
        ("", 'topic sensor/+/gauge in 0 "" /'),
        ("flukso", "topic sensor/+/gauge in 0 flukso /"),
    ],
)
def test_the_line_of_a_bridge_leads_to_its_prefix(prefix: str, line: str) -> None:
    slash, mapping = bridge_mapping(prefix)
    assert f"topic {slash}sensor/+/gauge in 0 {mapping}".rstrip() == line
