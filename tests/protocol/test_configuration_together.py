"""The configuration from all three config messages."""

import pytest

from custom_components.flukso.protocol.configuration import Configuration, Kube, Kubes, Port, Ports
from custom_components.flukso.protocol.quantities import KUBE_QUANTITIES, Quantity
from custom_components.flukso.protocol.sensors import Sensor, Sensors, Source
from custom_components.flukso.protocol.topics import Kind, Report
from custom_components.flukso.protocol.validation import Unread

from .slots import sensor

_PPLUS = sensor(Quantity.PPLUS, ports=(1,))
_LIGHT = sensor(Quantity.LIGHT, Source.KUBE, Kind.GAUGE, kube=3)
_PHASES = sensor(Quantity.ELECTRICITY, Source.ANALOG, ports=(1, 2, 3), function="all")


def _sensors(*enabled: Sensor, flm02: bool = False) -> Sensors:
    return Sensors(enabled, flm02=flm02)


def test_a_configuration_takes_up_each_report_and_keeps_the_others() -> None:
    sensors, ports, kubes = _sensors(_PPLUS), Ports({1: Port("main")}), Kubes({3: Kube("Cellar")})
    configuration = Configuration().updated(kubes).updated(sensors).updated(ports)
    assert configuration == Configuration(sensors, ports, kubes)
    assert configuration.updated(Ports()) == Configuration(sensors, Ports(), kubes)


def test_a_meter_is_an_flm03_by_default() -> None:
    assert Configuration().model == "FLM03"
    assert Configuration(_sensors(_PPLUS)).model == "FLM03"
    assert Configuration(_sensors(_PHASES, flm02=True)).model == "FLM02"
    assert Configuration(_sensors(_PHASES, flm02=True), ports=Ports()).model == "FLM03"


def test_what_can_not_be_read_is_told_of_the_reports_that_have_come() -> None:
    unread = Unread("1", "name is not text", minor=True)
    configuration = Configuration(_sensors(_PPLUS), ports=Ports(unread=(unread,)))
    assert configuration.unread == ((Report.PORTS, unread),)


@pytest.mark.parametrize(
    ("sensor_", "configuration", "name"),
    [
        (_PPLUS, Configuration(ports=Ports({1: Port("main")})), "main"),
        (_PPLUS, Configuration(ports=Ports({1: Port()})), None),
        (_PPLUS, Configuration(ports=Ports({2: Port("main")})), None),
        (_PPLUS, Configuration(), None),
        (_PHASES, Configuration(), "all"),
        (_PHASES, Configuration(ports=Ports({1: Port("main")})), "all"),
        (sensor(Quantity.PPLUS), Configuration(ports=Ports({1: Port("main")})), None),
        (sensor(Quantity.PPLUS, ports=(1, 2)), Configuration(ports=Ports({1: Port("x")})), None),
        (_LIGHT, Configuration(kubes=Kubes({3: Kube("Cellar")})), "Cellar"),
        (_LIGHT, Configuration(kubes=Kubes({3: Kube()})), None),
        (_LIGHT, Configuration(kubes=Kubes({4: Kube("Attic")})), None),
        (_LIGHT, Configuration(), None),
    ],
)
def test_a_sensor_is_named_by_its_port_its_kube_or_itself(
    sensor_: Sensor, configuration: Configuration, name: str | None
) -> None:
    assert configuration.name_of(sensor_) == name


def test_a_sensor_on_one_port_is_on_that_port() -> None:
    ports = Configuration(ports=Ports({1: Port("main"), 2: Port("solar")}))
    assert ports.port_of(_PPLUS) == Port("main")
    assert ports.port_of(_PHASES) is None
    assert ports.port_of(_LIGHT) is None
    assert Configuration().port_of(_PPLUS) is None


def test_an_angle_is_taken_as_sent_until_the_port_of_its_clamp_is_known() -> None:
    assert Configuration().voltage_angle_of(_PPLUS) == 0
    assert Configuration(ports=Ports({1: Port(voltage_angle=60)})).voltage_angle_of(_PPLUS) == 60


@pytest.mark.parametrize(
    ("ports", "sums"),
    [
        (None, False),
        (Ports(), False),
        (Ports(math="none"), False),
        (Ports(math="p2+p1"), True),
        (Ports(math="p1+p2+p3"), True),
    ],
)
def test_the_firmware_sums_ports_where_its_math_setting_has_it(
    ports: Ports | None, sums: bool
) -> None:
    assert Configuration(ports=ports).sums_ports is sums


def test_a_kube_sensor_without_a_kube_number_is_part_of_none() -> None:
    lost = sensor(Quantity.LIGHT, Source.KUBE, Kind.GAUGE)
    assert Configuration(kubes=Kubes({3: Kube("Cellar")})).kube_of(lost) is None


def test_the_names_in_use_are_listed_once_each_in_the_order_of_their_slots() -> None:
    configuration = Configuration(
        _sensors(_LIGHT, _PPLUS, _PPLUS, _PHASES, sensor(Quantity.GAS, Source.PULSE)),
        Ports({1: Port("main"), 2: Port("not in use")}),
        Kubes({3: Kube("Cellar")}),
    )
    assert configuration.names == ("Cellar", "main", "all")
    assert Configuration().names == ()


@pytest.mark.parametrize(
    ("configuration", "complete"),
    [
        (Configuration(), False),
        (Configuration(ports=Ports(), kubes=Kubes()), False),
        (Configuration(_sensors(_PPLUS)), False),
        (Configuration(_sensors(_PPLUS), Ports()), True),
        (Configuration(_sensors(_PPLUS, _LIGHT), Ports()), False),
        (Configuration(_sensors(_PPLUS, _LIGHT), Ports(), Kubes()), True),
        (Configuration(_sensors(_PHASES, flm02=True)), True),
        (Configuration(_sensors(_PHASES, _LIGHT, flm02=True)), False),
        (Configuration(_sensors(_PHASES, _LIGHT, flm02=True), kubes=Kubes()), True),
    ],
)
def test_a_configuration_is_complete_when_all_that_names_the_sensors_is_known(
    configuration: Configuration, complete: bool
) -> None:
    assert configuration.complete is complete


def test_a_meter_without_received_messages_has_no_streams() -> None:
    assert Configuration().streams == ()


def test_the_streams_are_those_of_the_enabled_sensors() -> None:
    streams = Configuration(_sensors(_PPLUS, _LIGHT)).streams
    assert [(stream.sensor, stream.kind) for stream in streams] == [
        (_PPLUS, Kind.COUNTER),
        (_PPLUS, Kind.GAUGE),
        (_LIGHT, Kind.GAUGE),
    ]


@pytest.mark.parametrize(
    ("hw_type", "silent"),
    [
        (19217, {"pressure", "light", "vibration", "proximity"}),
        (19218, {"proximity"}),
        (None, {"proximity"}),
    ],
)
def test_what_the_hardware_of_a_kube_lacks_has_no_stream(
    hw_type: int | None, silent: set[str]
) -> None:
    enabled = [sensor(quantity, Source.KUBE, kube=3) for quantity in sorted(KUBE_QUANTITIES)]
    configuration = Configuration(_sensors(*enabled), kubes=Kubes({3: Kube("Hall", hw_type)}))
    heard = {stream.sensor.quantity.value for stream in configuration.streams}
    assert heard == {quantity.value for quantity in KUBE_QUANTITIES} - silent


@pytest.mark.parametrize(
    ("hw_type", "model"), [(19217, "FLK01A"), (19218, "FLK01B"), (20_000, None), (None, None)]
)
def test_the_model_of_a_kube_follows_from_its_hardware_type(
    hw_type: int | None, model: str | None
) -> None:
    assert Kube(hw_type=hw_type).model == model
