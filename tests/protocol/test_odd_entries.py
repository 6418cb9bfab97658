"""One odd slot, section or setting of a config message costs itself, and nothing beside it."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.flukso.protocol.configuration import (
    Kubes,
    Port,
    Ports,
    parse_config,
    read_config,
)
from custom_components.flukso.protocol.sensors import Sensors
from custom_components.flukso.protocol.topics import CONFIG_REPORTS, ConfigReport, Report
from custom_components.flukso.protocol.validation import Json, Unread

from .slots import FLX, KUBES, Config, clamp_port, payload, slot
from .strategies import any_json, as_lua_payload, as_payload, nearly_slots

_SENSORS: Config = {
    "main": {"max_provisioned_sensors": 128},
    **clamp_port(1),
    "37": slot(37, type="water", subtype="", data_type="counter", port=[4], rid=0),
    "38": slot(38, **{"class": "pulse"}, type="gas", function="gas", port=[4], constant=10),
    "39": slot(39, **{"class": "cosem"}, function="P1", port="ttyS0", data_type="gauge"),
    "40": slot(40, **{"class": "kube"}, type="light", kid=3, data_type="gauge", rid=1),
    "41": {"id": "f" * 32},
}
_REPORTS = {Report.SENSORS: _SENSORS, Report.PORTS: FLX, Report.KUBES: KUBES}

type Parsed = Sensors | Ports | Kubes


def _parsed(message: bytes, report: ConfigReport) -> Parsed:
    return parse_config(read_config(message, report), report)


def _entries(parsed: Parsed) -> Mapping[str, object]:
    """What was read of a report: each sensor by its id, each port and kube by its number."""
    match parsed:
        case Sensors():
            return {sensor.sensor_id: sensor for sensor in parsed.enabled}
        case Ports():
            main = {"phase": parsed.phase, "math": parsed.math}
            return {str(number): port for number, port in parsed.by_number.items()} | main
    return {str(number): kube for number, kube in parsed.by_number.items()}


def _own(entry: str, report: ConfigReport) -> set[str]:
    """The keys in ``_entries`` of a section of the whole report."""
    if entry == "main":
        return {"phase", "math"}
    settings: Any = _REPORTS[report][entry]
    return {settings["id"] if report is Report.SENSORS else entry}


@st.composite
def places(draw: st.DrawFn) -> tuple[ConfigReport, str]:
    """A section of one of the reports."""
    report = draw(st.sampled_from(CONFIG_REPORTS))
    return report, draw(st.sampled_from(sorted(_REPORTS[report])))


@given(places(), any_json | nearly_slots)
def test_an_odd_section_costs_no_other(place: tuple[ConfigReport, str], odd: Json) -> None:
    report, entry = place
    whole = _entries(_parsed(payload(_REPORTS[report]), report))

    read = _entries(_parsed(as_payload(_REPORTS[report] | {entry: odd}), report))

    lost = _own(entry, report)
    assert {key: value for key, value in whole.items() if key not in lost}.items() <= read.items()


@given(places(), st.data(), any_json)
def test_an_odd_setting_costs_no_other_section(
    place: tuple[ConfigReport, str], data: st.DataObject, odd: Json
) -> None:
    report, entry = place
    settings: Any = _REPORTS[report][entry]
    setting = data.draw(st.sampled_from(sorted(settings)))
    whole = _entries(_parsed(payload(_REPORTS[report]), report))

    config = _REPORTS[report] | {entry: settings | {setting: odd}}
    read = _entries(_parsed(as_payload(config), report))

    lost = _own(entry, report)
    assert {key: value for key, value in whole.items() if key not in lost}.items() <= read.items()


@given(st.sampled_from(("name", "current", "constant", "class", "shift")), any_json)
def test_an_odd_setting_of_a_port_costs_that_setting(setting: str, odd: Json) -> None:
    settings: Any = FLX["1"]

    ports = _parsed(as_payload(FLX | {"1": settings | {setting: odd}}), Report.PORTS)

    assert isinstance(ports, Ports)
    port = ports.by_number[1]
    assert setting == "name" or port.name == "main"
    assert setting == "current" or port.current == 50
    assert setting == "constant" or port.constant is None


@given(places(), any_json | nearly_slots)
def test_lua_prints_a_message_otherwise_and_means_the_same(
    place: tuple[ConfigReport, str], odd: Json
) -> None:
    report, entry = place
    config = _REPORTS[report] | {entry: odd}
    assert _parsed(as_lua_payload(config), report) == _parsed(as_payload(config), report)


@given(places(), any_json | nearly_slots)
def test_what_was_left_out_is_told_the_same_after_a_restart(
    place: tuple[ConfigReport, str], odd: Json
) -> None:
    report, entry = place
    kept = read_config(as_payload(_REPORTS[report] | {entry: odd}), report)
    again = read_config(as_payload(kept), report)
    assert again == kept
    assert parse_config(again, report) == parse_config(kept, report)


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        (b'"L1"', "L1"),
        (b"123", "123"),
        (b"1.2345678901235e+15", "1234567890123500"),
        (b"1e+15", "1000000000000000"),
        (b"1e+20", None),
        (b"inf", None),
        (b"-inf", None),
        (b"nan", None),
        (b"-nan", None),
        (b'"inf"', "inf"),
        (b'"a nan, -inf"', "a nan, -inf"),
        (b'"a \\"inf\\" b"', 'a "inf" b'),
    ],
)
def test_a_name_that_lua_takes_for_a_number_costs_at_most_itself(
    printed: bytes, name: str | None
) -> None:
    message = b'{"1":{"name":%b,"current":50},"2":{"name":"L2"},"main":{"phase":"1p"}}' % printed
    ports = _parsed(message, Report.PORTS)
    assert isinstance(ports, Ports)
    assert ports.by_number == {1: Port(name, current=50), 2: Port("L2")}
    assert ports.phase == "1p"


@pytest.mark.parametrize("printed", [b"inf", b"-inf", b"nan", b"-nan", b"1.2345678901235e+31"])
def test_an_id_that_lua_takes_for_a_number_costs_its_slot(printed: bytes) -> None:
    message = payload(_SENSORS)[:-1] + b',"57":{"id":%b},"58":{"id":"%b"}}' % (printed, b"e" * 32)
    sensors = _parsed(message, Report.SENSORS)
    assert isinstance(sensors, Sensors)
    assert _entries(sensors) == _entries(_parsed(payload(_SENSORS), Report.SENSORS))
    assert [unread.entry for unread in sensors.unread] == ["57"]


@pytest.mark.parametrize("report", [Report.PORTS, Report.KUBES])
@pytest.mark.parametrize("empty", [b"[]", b"{}", b'{"1":[],"main":[]}', b'{"main":{}}'])
def test_an_empty_list_is_an_empty_object(empty: bytes, report: ConfigReport) -> None:
    parsed = _parsed(empty, report)
    assert not parsed.unread
    assert set(_entries(parsed).values()) <= {None, Port(), _parsed_kube()}


def _parsed_kube() -> object:
    kubes = _parsed(b'{"1":{}}', Report.KUBES)
    assert isinstance(kubes, Kubes)
    return kubes.by_number[1]


def test_the_only_kube_costs_itself_alone() -> None:
    config: Config = {"main": {"max_nodes": 30}, "1": "text"}
    assert _parsed(payload(config), Report.KUBES) == Kubes({}, (Unread("1", "not an object"),))


@pytest.mark.parametrize("report", CONFIG_REPORTS)
def test_the_sections_may_arrive_as_an_array(report: ConfigReport) -> None:
    as_object = {key: section for key, section in _REPORTS[report].items() if key in ("1", "3")}
    as_array: Json = [as_object.get("1"), None, as_object.get("3")]
    assert _parsed(as_payload(as_array), report) == _parsed(payload(as_object), report)
