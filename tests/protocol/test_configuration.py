"""The three config messages: what is kept of each, and what is parsed."""

import json

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.configuration import (
    Configuration,
    Kube,
    Kubes,
    Port,
    Ports,
    parse_config,
    read_config,
)
from custom_components.flukso.protocol.sensors import Sensors
from custom_components.flukso.protocol.topics import CONFIG_REPORTS, ConfigReport, Report
from custom_components.flukso.protocol.validation import Json, ProtocolError, Unread

from .slots import FLX, KUBES, Config, clamp_port, payload, slot
from .strategies import any_json, as_payload, config_like, nearly_configs, parsed_or_refused


def _parsed(config: Json, report: ConfigReport) -> Sensors | Ports | Kubes:
    return parse_config(read_config(payload(config), report), report)


reports = st.sampled_from(CONFIG_REPORTS)
configs = any_json | config_like | nearly_configs


@given(st.binary(max_size=300), reports)
def test_any_bytes_are_a_config_or_refused(message: bytes, report: ConfigReport) -> None:
    parsed_or_refused(lambda: parse_config(read_config(message, report), report))


@given(configs, reports)
def test_any_json_message_is_a_config_or_refused(config: Json, report: ConfigReport) -> None:
    message = as_payload(config)
    parsed = parsed_or_refused(lambda: parse_config(read_config(message, report), report))
    assert isinstance(parsed, Sensors | Ports | Kubes | None)


@given(configs, reports)
def test_any_json_from_disk_is_a_config_or_refused(config: Json, report: ConfigReport) -> None:
    parsed = parsed_or_refused(lambda: parse_config(config, report))
    assert isinstance(parsed, Sensors | Ports | Kubes | None)


@given(configs, reports)
def test_what_is_kept_can_be_stored_and_parsed_again_alike(
    config: Json, report: ConfigReport
) -> None:
    kept = parsed_or_refused(lambda: read_config(as_payload(config), report))
    if kept is not None:
        stored = json.dumps(kept, allow_nan=False, ensure_ascii=False).encode()
        assert read_config(stored, report) == kept


_NAMES = {"id", "enable", "type", "subtype", "class", "data_type", "port", "rid", "kid", "function"}
_NAMES |= {"name", "current", "constant", "shift", "phase", "math", "hw_type", "sw_version", "tmpo"}


@given(configs, reports)
def test_nothing_but_named_plain_settings_is_kept(config: Json, report: ConfigReport) -> None:
    kept = parsed_or_refused(lambda: read_config(as_payload(config), report)) or {}
    for section in kept.values():
        assert isinstance(section, dict) or section is False
        settings = section if isinstance(section, dict) else {}
        assert settings.keys() <= _NAMES
        for setting in settings.values():
            items = setting if isinstance(setting, list) else [setting]
            assert not any(isinstance(item, list | dict) or item is True for item in items)


@pytest.mark.parametrize("report", CONFIG_REPORTS)
@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"null",
        b"1",
        b'"{}"',
        b"true",
        b"NaN",
        b"inf",
        b"{",
        b"{'1': {}}",
        b"{1: {}}",
        b"\x1f\x8b\x08",
        b'{"tmpo": infinite}',
        b'{"tmpo": "inf}',
        b'{"tmpo": 1inf}',
        b'{"tmpo": nano}',
        b'{"tmpo": --inf}',
        b'{"' + b'\\"' * 30_000,
        b'{"tmpo": ' + b"9" * 5_000 + b"}",
        b'{"tmpo": ' + b"[" * 1_000 + b"]" * 1_000 + b"}",
        b"[" * 65_536,
        b'{"tmpo": "' + b"x" * 65_536 + b'"}',
        b"x" * 100_000,
    ],
)
def test_what_is_no_config_is_refused(message: bytes, report: ConfigReport) -> None:
    with pytest.raises(ProtocolError) as refusal:
        read_config(message, report)
    assert refusal.value.what == report


def test_a_config_up_to_its_limits_is_read() -> None:
    nested = b'{"tmpo": ' + b"[" * 999 + b"]" * 999 + b"}"
    assert read_config(nested, Report.SENSORS) == {}
    assert read_config(b"{" + b" " * 65_534 + b"}", Report.SENSORS) == {}
    with pytest.raises(ProtocolError, match="too long"):
        read_config(b"{" + b" " * 65_535 + b"}", Report.SENSORS)


@pytest.mark.parametrize(
    "section", ["null", "1", "true", '"text"', "[1, [2]]", "[]", '{"a": {"b": {"c": 1e999}}}']
)
def test_a_section_of_something_else_may_hold_anything(section: str) -> None:
    for name in ("tmpo", "mqtt", "fsync", "²", "01", "0", "1_0", "1" * 40):
        assert read_config(f'{{"{name}": {section}}}'.encode(), Report.SENSORS) == {}


def test_of_a_section_written_twice_the_last_counts() -> None:
    assert read_config(b'{"1": {"current": 50}, "1": {"current": 100}}', Report.PORTS) == {
        "1": {"current": 100}
    }


@pytest.mark.parametrize(
    "number",
    [
        *("1e999", "-1e999", "1e300", "9" * 30, "9" * 400, "-9223372036854775808"),
        *("inf", "-inf", "nan", "-nan", "NaN", "Infinity"),
    ],
)
def test_a_number_that_no_setting_can_have_is_refused(number: str) -> None:
    config = read_config(f'{{"1": {{"enable": {number}}}}}'.encode(), Report.SENSORS)
    with pytest.raises(ProtocolError, match="enable is too large a number"):
        parse_config(config, Report.SENSORS)


_FLM02: Config = {
    "1": slot(1, **{"class": "analog"}, function="main", port=[1, 2], current=50, rid=3),
    "4": slot(4, **{"class": "pulse"}, type="gas", function="gas", port=[4], constant=10),
    "7": slot(7, **{"class": "cosem"}, function="P1", port="ttyS0", data_type="gauge"),
    "8": slot(8, **{"class": "kube"}, type="light", kid=2, data_type="gauge", rid=1),
}


@pytest.mark.parametrize(
    ("config", "report"),
    [
        (clamp_port(1), Report.SENSORS),
        ({"1": slot(1, subtype="vrms", port=[1], tmpo=0)}, Report.SENSORS),
        (_FLM02, Report.SENSORS),
        (FLX, Report.PORTS),
        (KUBES, Report.KUBES),
    ],
)
def test_nothing_that_is_read_of_a_config_is_left_out_of_what_is_kept(
    config: Config, report: ConfigReport
) -> None:
    assert _parsed(config, report) == parse_config(config, report)


def test_the_sensors_are_read() -> None:
    sensors = _parsed(clamp_port(1), Report.SENSORS)
    assert isinstance(sensors, Sensors)
    assert len(sensors.enabled) == 11


def test_settings_of_a_port_that_nothing_reads_are_dropped_and_ignored() -> None:
    before: Config = {"1": {"enable": 1, "class": "analog", "name": "main", "current": 50}}
    assert read_config(payload(before), Report.PORTS) == {"1": {"name": "main", "current": 50}}
    assert parse_config(before, Report.PORTS) == Ports({1: Port("main", current=50)})


def test_the_ports_are_read() -> None:
    assert _parsed(FLX, Report.PORTS) == Ports(
        {
            1: Port("main", current=50),
            2: Port(None, current=100),
            4: Port("123", constant=0.5),
            7: Port("P1"),
        },
        phase="3p+n",
        math="p1+p2+p3",
    )


def test_ports_may_lack_everything() -> None:
    assert _parsed({}, Report.PORTS) == Ports()
    assert _parsed({"1": {}}, Report.PORTS) == Ports({1: Port()})


@pytest.mark.parametrize(
    ("wrong", "config"),
    [
        ("current is out of range", {"1": {"current": 10_001}}),
        ("current is out of range", {"1": {"current": -1}}),
        ("current is not a number", {"1": {"current": "5_0"}}),
        ("current is not a number (nan)", {"1": {"current": "nan"}}),
        ("constant is not a number (infinity)", {"1": {"constant": "infinity"}}),
        ("constant is not text", {"1": {"constant": False}}),
        ("constant is out of range", {"1": {"constant": 65_536.001}}),
        ("shift is out of range", {"1": {"shift": 6}}),
        ("phase is not text", {"main": {"phase": True}}),
        ("math is not text", {"main": {"math": "x" * 65}}),
    ],
)
def test_a_port_setting_that_no_firmware_writes_is_left_out_and_told(
    wrong: str, config: Config
) -> None:
    [entry] = config
    assert _parsed(config, Report.PORTS) == Ports(
        {} if entry == "main" else {1: Port()}, unread=(Unread(entry, wrong),)
    )


@pytest.mark.parametrize(
    "name", [True, ["main"], "a\nb", "x" * 65, 1e20, {"key": "5ec7e7"}, float("inf"), 2**63]
)
def test_a_name_that_is_none_leaves_a_port_and_a_kube_without_their_names(name: Json) -> None:
    ports, kubes = (
        parse_config(read_config(as_payload({"1": {"name": name}}), report), report)
        for report in (Report.PORTS, Report.KUBES)
    )
    assert isinstance(ports, Ports)
    assert isinstance(kubes, Kubes)
    assert (ports.by_number, kubes.by_number) == ({1: Port()}, {1: Kube()})
    for unread in (*ports.unread, *kubes.unread):
        assert unread.entry == "1"
        assert unread.wrong.startswith("name is")
        assert unread.minor


def test_the_kubes_are_read_without_those_that_are_disabled() -> None:
    assert _parsed(KUBES, Report.KUBES) == Kubes(
        {3: Kube("Cellar", 19217, "3"), 12: Kube(None, 19218, "1.2")}
    )


@pytest.mark.parametrize(
    ("wrong", "kube"),
    [
        ("hw_type is out of range", {"hw_type": 65_536}),
        ("hw_type is not a whole number", {"hw_type": 1.5}),
        ("hw_type is not a number", {"hw_type": "FLK01A"}),
        ("sw_version is not text", {"sw_version": True}),
    ],
)
def test_a_kube_setting_that_no_firmware_writes_is_left_out_and_told(
    wrong: str, kube: Json
) -> None:
    assert _parsed({"1": kube}, Report.KUBES) == Kubes({1: Kube()}, (Unread("1", wrong),))


def test_a_kube_is_not_disabled_by_what_is_no_flag() -> None:
    kubes = _parsed({"1": {"enable": "yes", "name": "Attic"}}, Report.KUBES)
    assert kubes == Kubes({1: Kube("Attic")}, (Unread("1", "enable is neither 0 nor 1 (yes)"),))


def test_a_whole_flm03_is_read_from_its_three_messages() -> None:
    kube_slot = slot(40, type="temperature", data_type="gauge", kid=3, rid=1, **{"class": "kube"})
    sensors: Config = {
        "main": {"max_provisioned_sensors": 128},
        "mqtt": {"bridge_port": 8883},
        "37": slot(37, type="water", subtype="", data_type="counter", port=[4], rid=0),
        "38": slot(38, enable=0),
        "40": kube_slot,
        "41": {"id": "f" * 32},
        **clamp_port(1),
    }
    messages = {Report.SENSORS: sensors, Report.PORTS: FLX, Report.KUBES: KUBES}
    configuration = Configuration()
    for report in CONFIG_REPORTS:
        configuration = configuration.updated(_parsed(messages[report], report))
    assert configuration.model == "FLM03"
    assert configuration.complete
    assert configuration.names == ("main", "123", "Cellar")
    assert len(configuration.streams) == 17 + 2 + 1
