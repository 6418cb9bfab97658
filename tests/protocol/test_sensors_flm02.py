"""config/sensor of an FLM02: names, classes, several ports, and the P1 port."""

import pytest

from custom_components.flukso.protocol.quantities import Quantity
from custom_components.flukso.protocol.sensors import (
    Sensor,
    Source,
    parse_sensors,
    streams_of,
)
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.protocol.validation import Json

from .slots import Config, only_sensor, sensor_id, slot, topics_and_units


def test_an_flm02_names_its_sensors_and_has_no_subtypes() -> None:
    analog = slot(
        1,
        **{"class": "analog"},
        function="main",
        port=[1],
        voltage=230,
        current=50,
        data_type="counter",
        rid=0,
    )
    sensors = parse_sensors({"1": analog, "2": {"id": sensor_id(2), "enable": 0}})
    assert sensors.flm02
    assert sensors.enabled == (
        Sensor(
            sensor_id(1),
            Quantity.ELECTRICITY,
            Source.ANALOG,
            Kind.COUNTER,
            ports=(1,),
            function="main",
            current=50,
            daily_flow=True,
        ),
    )


def test_a_meter_that_has_both_names_and_subtypes_is_no_flm02() -> None:
    config: Config = {"1": slot(1, subtype="pplus", function="main", **{"class": "ct"})}
    assert not parse_sensors(config).flm02
    assert only_sensor(config).source is Source.CLAMP


@pytest.mark.parametrize(
    ("class_", "settings"),
    [
        ("analog", {"port": [1]}),
        ("pulse", {"port": [4], "type": "water"}),
        ("cosem", {"port": "ttyS0", "type": "gas"}),
        ("analog", {"port": [1], "enable": 0}),
        ("uart", {"port": [6], "enable": 0, "type": ""}),
    ],
)
def test_an_flm02_whose_sensors_have_no_names_is_told_from_an_flm03_by_their_class(
    class_: str, settings: dict[str, Json]
) -> None:
    config: Config = {"1": slot(1, **{"class": class_}, **settings), "64": {"id": sensor_id(64)}}
    sensors = parse_sensors(config)
    assert sensors.flm02
    assert all(sensor.daily_flow for sensor in sensors.enabled)


def test_a_name_alone_tells_an_flm02() -> None:
    assert parse_sensors({"1": slot(1, type="water", function="tap", port=[4])}).flm02


def test_what_is_beyond_the_last_slot_of_an_flm03_tells_nothing() -> None:
    config: Config = {"1": slot(1, function="tap", port=[4]), "129": {"id": sensor_id(129)}}
    assert parse_sensors(config).flm02


@pytest.mark.parametrize(
    "other",
    [
        {"2": slot(2, subtype="vrms", port=[1])},
        {"2": slot(2, subtype="vrms", port=[1], enable=0)},
        {"65": {"id": sensor_id(65)}},
        {"128": {"id": sensor_id(128)}},
    ],
    ids=["subtype", "disabled subtype", "first slot of an FLM03 alone", "last"],
)
@pytest.mark.parametrize("settings", [{"class": "pulse"}, {"function": "tap"}])
def test_a_meter_with_what_only_an_flm03_has_is_no_flm02(
    settings: dict[str, Json], other: Config
) -> None:
    config: Config = {"37": slot(37, type="water", port=[4], **settings), **other}
    sensors = parse_sensors(config)
    assert not sensors.flm02
    assert not any(sensor.daily_flow for sensor in sensors.enabled)


@pytest.mark.parametrize("class_", [["pulse"], {"pulse": 1}, 5, True, "kube", "ct", "x" * 65])
def test_a_class_that_no_wired_input_has_makes_no_flm02(class_: Json) -> None:
    config: Config = {"1": slot(1, **{"class": class_}), "2": slot(2, type="gas", port=[5])}
    assert not parse_sensors(config).flm02


def test_an_flm02_whose_name_is_a_number_is_named_so() -> None:
    found = only_sensor({"1": slot(1, **{"class": "analog"}, function=123, port=[1])})
    assert found.function == "123"


def test_three_phases_of_an_flm02_are_one_sensor_on_three_ports() -> None:
    found = only_sensor({"1": slot(1, **{"class": "analog"}, function="all", port=[1, 2, 3])})
    assert found.ports == (1, 2, 3)
    assert topics_and_units(streams_of(found)) == [("counter", "Wh"), ("gauge", "W")]


def test_the_p1_port_of_an_flm02_is_no_number_and_counts_both_ways() -> None:
    found = only_sensor({"7": slot(7, **{"class": "cosem"}, function="P1", port="ttyS0")})
    assert (found.source, found.ports) == (Source.COSEM, ())
    counter, gauge = streams_of(found)
    assert counter.lowest == -counter.highest
    assert gauge.lowest == -gauge.highest


@pytest.mark.parametrize(("class_", "port"), [("pulse", [4]), ("cosem", "ttyS0")])
@pytest.mark.parametrize("type_", ["water", "gas"])
def test_an_flm02_publishes_the_flow_per_day(class_: str, port: Json, type_: str) -> None:
    found = only_sensor({"4": slot(4, **{"class": class_}, type=type_, function="tap", port=port)})
    assert topics_and_units(streams_of(found)) == [("counter", "L"), ("gauge", "L/day")]


def test_a_pulse_input_of_an_flm02_counts_electricity_like_any_other() -> None:
    found = only_sensor(
        {"4": slot(4, **{"class": "pulse"}, function="solar", port=[4], constant=0.5)}
    )
    assert (found.source, found.constant) == (Source.PULSE, 0.5)
    assert topics_and_units(streams_of(found)) == [("counter", "Wh"), ("gauge", "W")]
