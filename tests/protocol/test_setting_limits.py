"""The largest values of the settings in config messages (docs/protocol.md sections 4 and 5).

That what is beyond them is refused is tested with everything else that is.
"""

import pytest

from custom_components.flukso.protocol.configuration import Kube, Kubes, Port, Ports, parse_config
from custom_components.flukso.protocol.topics import Report

from .slots import only_sensor, slot


@pytest.mark.parametrize(
    ("setting", "largest", "attribute"),
    [
        ("rid", 2**31, "rid"),
        ("kid", 999, "kube"),
        ("current", 10_000, "current"),
        ("constant", 65_536, "constant"),
    ],
)
def test_a_setting_of_a_sensor_is_read_up_to_its_limit(
    setting: str, largest: int, attribute: str
) -> None:
    assert getattr(only_sensor({"1": slot(1, **{setting: largest})}), attribute) == largest


def test_a_sensor_may_be_on_eight_ports_of_two_digits() -> None:
    assert only_sensor({"1": slot(1, port=[*range(1, 8), 99])}).ports == (*range(1, 8), 99)


@pytest.mark.parametrize(
    ("setting", "largest", "port"),
    [
        ("current", 10_000, Port(current=10_000)),
        ("constant", 65_536, Port(constant=65_536)),
        ("shift", 5, Port(voltage_angle=300)),
    ],
)
def test_a_setting_of_a_port_is_read_up_to_its_limit(
    setting: str, largest: int, port: Port
) -> None:
    assert parse_config({"1": {setting: largest}}, Report.PORTS) == Ports({1: port})


def test_the_hardware_type_of_a_kube_is_read_up_to_its_limit() -> None:
    kubes = parse_config({"1": {"hw_type": 65_535}}, Report.KUBES)
    assert kubes == Kubes({1: Kube(hw_type=65_535)})
