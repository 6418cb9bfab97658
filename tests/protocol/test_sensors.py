"""config/sensor: which sensors a meter has, and what each of them publishes."""

from hypothesis import given
import pytest

from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import (
    Sensor,
    Sensors,
    Source,
    parse_sensors,
    streams_of,
)
from custom_components.flukso.protocol.topics import Kind, is_id
from custom_components.flukso.protocol.validation import Json, ProtocolError, Unread

from .slots import Config, clamp_port, only_sensor, sensor_id, slot, topics_and_units
from .strategies import any_json, config_like, nearly_configs, parsed_or_refused


def test_an_flm03_with_three_clamps_has_33_sensors_and_51_streams() -> None:
    sensors = parse_sensors(clamp_port(1) | clamp_port(2) | clamp_port(3))
    assert not sensors.flm02
    assert len(sensors.enabled) == 33
    assert sum(len(streams_of(sensor)) for sensor in sensors.enabled) == 51
    assert {sensor.source for sensor in sensors.enabled} == {Source.CLAMP}


def test_sensors_come_in_the_order_of_their_slots_whatever_that_of_the_message() -> None:
    slots = clamp_port(1) | clamp_port(2)
    shuffled = dict(sorted(slots.items(), key=lambda item: item[0][::-1]))
    assert parse_sensors(shuffled) == parse_sensors(slots)
    ids = [sensor.sensor_id for sensor in parse_sensors(shuffled).enabled]
    assert ids == sorted(ids)


def test_a_clamp_sensor_is_read() -> None:
    config: Config = {"14": slot(14, subtype="pminus", data_type="counter", port=[2], rid=3)}
    assert only_sensor(config) == Sensor(
        sensor_id(14), Quantity.PMINUS, Source.CLAMP, Kind.COUNTER, ports=(2,), rid=3
    )


@pytest.mark.parametrize(
    ("tmpo", "remembered"), [(1, True), (0, False), ("0", False), (None, True)]
)
def test_the_meter_may_be_set_not_to_remember_a_sensor(tmpo: Json, remembered: bool) -> None:
    config: Config = {"14": slot(14, subtype="pminus", data_type="counter", port=[2], tmpo=tmpo)}
    assert only_sensor(config).remembered is remembered


@pytest.mark.parametrize("enable", [1, "1"])
def test_an_enabled_sensor_is_there(enable: Json) -> None:
    assert parse_sensors({"1": slot(1, enable=enable, subtype="pplus", port=[1])}).enabled


@pytest.mark.parametrize("enable", [0, "0"])
def test_a_disabled_sensor_publishes_nothing(enable: Json) -> None:
    assert parse_sensors({"1": slot(1, enable=enable, subtype="pplus", port=[1])}) == Sensors()


@pytest.mark.parametrize(
    "unused",
    [
        {"id": sensor_id(1)},
        {"id": sensor_id(1), "rid": 4},
        {"id": sensor_id(1), "enable": 0},
        {"id": sensor_id(1), "type": "electricity"},
        {"id": sensor_id(1), "enable": 1, "class": "uart", "port": [6]},
        {"id": sensor_id(1), "enable": 1, "type": ""},
        {"id": sensor_id(1), "enable": 1, "type": None},
        {},
    ],
)
def test_an_unused_slot_is_no_sensor(unused: Json) -> None:
    sensors = parse_sensors({"1": unused})
    assert (sensors.enabled, sensors.unread) == ((), ())


@pytest.mark.parametrize(
    "name", ["main", "tmpo", "mqtt", "daemon", "fsync", "", "0", "01", "1000", "²", "١", "1_0"]
)
def test_a_section_that_is_no_slot_is_no_sensor_whatever_it_holds(name: str) -> None:
    contents: list[Json] = [slot(1), {"enable": True}, "text", None, [[[]]]]
    for content in contents:
        assert parse_sensors({"1": {}, name: content}).enabled == ()


def test_unused_slots_are_no_sensors() -> None:
    assert parse_sensors({"1": {"id": sensor_id(1)}}) == Sensors(enabled=(), flm02=False)


@pytest.mark.parametrize("config", [{}, [], {"main": {"max_provisioned_sensors": 128}}])
def test_a_meter_without_slots_is_none(config: Config) -> None:
    with pytest.raises(ProtocolError, match="no sensor slots"):
        parse_sensors(config)


@pytest.mark.parametrize("kind", [Kind.GAUGE, Kind.COUNTER])
def test_a_kube_publishes_its_data_type_alone(kind: Kind) -> None:
    config: Config = {
        "40": slot(40, type="movement", data_type=kind.value, **{"class": "kube"}, kid=7, rid=2)
    }
    found = only_sensor(config)
    assert found == Sensor(
        sensor_id(40), Quantity.MOVEMENT, Source.KUBE, kind, ports=(), rid=2, kube=7
    )
    assert [stream.kind for stream in streams_of(found)] == [kind]


def test_a_kube_without_its_number_is_a_sensor_all_the_same() -> None:
    found = only_sensor({"40": slot(40, type="light", data_type="gauge", **{"class": "kube"})})
    assert (found.quantity, found.kube) == (Quantity.LIGHT, None)


def test_electricity_of_a_pulse_input_is_no_clamp_although_it_has_a_subtype() -> None:
    found = only_sensor({"37": slot(37, subtype="pplus", data_type="counter", port=[4])})
    assert (found.quantity, found.source) == (Quantity.ELECTRICITY, Source.PULSE)
    assert topics_and_units(streams_of(found)) == [("counter", "Wh"), ("gauge", "W")]


@pytest.mark.parametrize("subtype", [{}, {"subtype": ""}])
def test_gas_of_a_pulse_input_has_no_subtype_or_an_empty_one(subtype: Config) -> None:
    found = only_sensor({"38": slot(38, type="gas", data_type="counter", port=[5], **subtype)})
    assert (found.quantity, found.source, found.ports) == (Quantity.GAS, Source.PULSE, (5,))
    assert topics_and_units(streams_of(found)) == [("counter", "L"), ("gauge", "L/s")]


def test_a_type_of_a_firmware_to_come_is_other() -> None:
    found = only_sensor({"38": slot(38, type="steam", data_type="counter", port=[5])})
    assert found.quantity is Quantity.OTHER
    assert topics_and_units(streams_of(found)) == [("counter", ""), ("gauge", "1/s")]


@pytest.mark.parametrize("kind", ["gauge", "counter"])
def test_a_kube_type_of_a_registry_to_come_is_other_without_a_unit(kind: str) -> None:
    found = only_sensor({"40": slot(40, type="noise", data_type=kind, **{"class": "kube"})})
    assert topics_and_units(streams_of(found)) == [(kind, "")]


def test_a_clamp_subtype_is_no_type_of_a_pulse_input_or_kube() -> None:
    assert only_sensor({"37": slot(37, type="pplus", port=[4])}).quantity is Quantity.OTHER
    assert only_sensor({"40": slot(40, type="q1", **{"class": "kube"})}).quantity is Quantity.OTHER


def test_a_sensor_without_data_type_is_a_counter_that_was_never_recycled() -> None:
    found = only_sensor({"1": slot(1, subtype="pplus", port=[1])})
    assert (found.data_type, found.rid) == (Kind.COUNTER, 0)


def test_a_gauge_of_a_clamp_has_no_counter_even_where_its_data_type_is_missing() -> None:
    found = only_sensor({"7": slot(7, subtype="vrms", port=[1])})
    assert topics_and_units(streams_of(found)) == [("gauge", "V")]


def test_a_counted_sensor_that_logs_its_gauge_has_the_gauge_alone() -> None:
    found = only_sensor({"1": slot(1, subtype="pplus", data_type="gauge", port=[1])})
    assert topics_and_units(streams_of(found)) == [("gauge", "W")]


@pytest.mark.parametrize("port", [12, "12", [12], ["12"]])
def test_a_port_may_have_a_number_of_two_digits(port: Json) -> None:
    assert only_sensor({"37": slot(37, subtype="pplus", port=port)}).ports == (12,)


def test_a_sensor_is_at_its_ports_or_at_the_serial_port() -> None:
    places = [
        only_sensor({"1": slot(1, subtype="pplus", port=port)}).place for port in ([2], [1, 2], [])
    ]
    assert places == ["2", "1+2", "P1"]


@pytest.mark.parametrize("port", [4, "4", [4], ["4"], [4.0]])
def test_a_port_may_be_a_number_however_it_is_written(port: Json) -> None:
    found = only_sensor({"37": slot(37, subtype="pplus", port=port)})
    assert (found.ports, found.source) == ((4,), Source.PULSE)


@pytest.mark.parametrize("port", [{}, {"port": []}, {"port": None}, {"port": ""}])
def test_a_sensor_may_lack_a_port(port: Config) -> None:
    assert only_sensor({"1": slot(1, subtype="pplus", **port)}).ports == ()


@pytest.mark.parametrize(
    "port",
    [
        *([0], 0, -1, "-1", [100], [1.5], ["ttyS0"], [None], [""], [True], [[1]], [{}]),
        *({}, True, "1_0", "²", ["１"], [1] * 9, [10**400], [float("inf")]),
    ],
)
def test_what_is_no_port_is_refused(port: Json) -> None:
    with pytest.raises(ProtocolError, match="port is"):
        parse_sensors({"1": slot(1, subtype="pplus", port=port)})


@pytest.mark.parametrize(
    ("wrong", "settings"),
    [
        ("id is not a sensor id", {"id": None}),
        ("id is not a sensor id", {"id": "A" * 32}),
        ("id is not a sensor id", {"id": "a" * 31}),
        ("id is not a sensor id", {"id": "١" * 32}),
        ("id is not a sensor id", {"id": 123}),
        ("id is not text", {"id": ["a" * 32]}),
        ("enable is neither 0 nor 1", {"enable": 2}),
        ("enable is not text", {"enable": True}),
        ("type is not text", {"type": False}),
        ("type is not a short printable text", {"type": "a\x00"}),
        ("subtype is not a subtype of a clamp", {"subtype": "q5"}),
        ("subtype is not a subtype of a clamp", {"subtype": "electricity"}),
        ("subtype is not text", {"subtype": {}}),
        ("data_type is neither gauge nor counter", {"data_type": "both"}),
        ("data_type is neither gauge nor counter", {"data_type": 1}),
        ("class is not text", {"class": []}),
        ("rid is out of range", {"rid": -1}),
        ("rid is out of range", {"rid": 2**31 + 1}),
        ("rid is not a whole number", {"rid": 0.5}),
        ("rid is not a number", {"rid": "nan"}),
        ("kid is out of range", {"kid": 1000}),
        ("kid is not a number", {"kid": "1_0"}),
    ],
)
def test_a_setting_that_no_firmware_writes_costs_its_slot(wrong: str, settings: Config) -> None:
    bad, good = slot(1, subtype="pplus", port=[1]) | settings, slot(2, subtype="q1", port=[1])
    with pytest.raises(ProtocolError) as refusal:
        parse_sensors({"1": bad})
    assert (refusal.value.what, refusal.value.wrong) == ("config/sensor", wrong)
    sensors = parse_sensors({"1": bad, "2": good})
    assert sensors.enabled == (only_sensor({"2": good}),)
    [unread] = sensors.unread
    assert (unread.entry, unread.wrong.split(" (")[0], unread.minor) == ("1", wrong, False)


@pytest.mark.parametrize(
    ("unread", "settings"),
    [
        (Unread("1", "current is out of range"), {"current": 10_001}),
        (Unread("1", "current is not a number (inf)"), {"current": "inf"}),
        (Unread("1", "constant is out of range"), {"constant": -1}),
        (Unread("1", "constant is out of range"), {"constant": 65_536.001}),
        (Unread("1", "constant is not a number"), {"constant": "1_0"}),
        (Unread("1", "tmpo is not text"), {"tmpo": [1]}),
        (Unread("1", "function is too large a number", minor=True), {"function": 1e20}),
        (
            Unread("1", "function is not a short printable text", minor=True),
            {"function": "\x1b[2J"},
        ),
        (Unread("1", "function is not a short printable text", minor=True), {"function": "\ud800"}),
        (Unread("1", "function is not a short printable text", minor=True), {"function": "x" * 65}),
    ],
)
def test_a_setting_that_a_sensor_does_without_costs_nothing_else(
    unread: Unread, settings: Config
) -> None:
    plain = slot(1, subtype="pplus", port=[1])
    sensors = parse_sensors({"1": plain | settings})
    assert sensors.enabled == (only_sensor({"1": plain}),)
    assert sensors.unread == (unread,)


def test_a_subtype_that_is_not_known_is_told_by_its_name() -> None:
    config = clamp_port(1)
    config["12"] = slot(12, subtype="frequency", data_type="gauge", port=[1])
    sensors = parse_sensors(config)
    assert sensors.enabled == parse_sensors(clamp_port(1)).enabled
    assert sensors.unread == (Unread("12", "subtype is not a subtype of a clamp (frequency)"),)


@pytest.mark.parametrize("id_", ["deadbeef", 1.2345678901235e31, float("inf"), 12345, "A" * 32])
def test_an_id_that_is_none_is_not_told_and_costs_an_unused_slot_alone(id_: Json) -> None:
    sensors = parse_sensors(clamp_port(1) | {"57": {"id": id_}})
    assert sensors.enabled == parse_sensors(clamp_port(1)).enabled
    [unread] = sensors.unread
    assert (unread.entry, unread.minor) == ("57", True)
    assert unread.wrong in ("id is not a sensor id", "id is too large a number")


def test_a_sensor_id_in_two_slots_is_that_of_the_first() -> None:
    one, two = slot(1, subtype="pplus", port=[1]), slot(1, subtype="q1", port=[1])
    sensors = parse_sensors({"1": one, "2": two})
    assert sensors.enabled == (only_sensor({"1": one}),)
    assert sensors.unread == (Unread("2", "id is that of another slot"),)


def test_a_disabled_slot_may_repeat_a_sensor_id() -> None:
    one = slot(1, subtype="pplus", port=[1])
    assert len(parse_sensors({"1": one, "2": one | {"enable": 0}}).enabled) == 1


@pytest.mark.parametrize("slot_", ["text", 1, True])
def test_a_slot_that_is_no_object_is_left_out_and_told(slot_: Json) -> None:
    with pytest.raises(ProtocolError, match="not an object"):
        parse_sensors({"1": slot_})
    assert parse_sensors({"1": slot_, "2": {}}) == Sensors(unread=(Unread("1", "not an object"),))


@pytest.mark.parametrize("slot_", [None, [], {}])
def test_an_empty_slot_is_unused(slot_: Json) -> None:
    assert parse_sensors({"1": slot_, "2": {}}) == Sensors()


@given(any_json | config_like | nearly_configs)
def test_any_json_is_a_list_of_sensors_or_refused(config: Json) -> None:
    sensors = parsed_or_refused(lambda: parse_sensors(config)) or Sensors()
    for found in sensors.enabled:
        assert is_id(found.sensor_id)
        assert all(1 <= port <= 99 for port in found.ports)
        assert streams_of(found)
