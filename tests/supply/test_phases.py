"""Which ports are the phases of one supply."""

from dataclasses import replace

import pytest

from custom_components.flukso.protocol.configuration import Configuration, parse_config
from custom_components.flukso.protocol.topics import Report
from custom_components.flukso.protocol.validation import Json
from custom_components.flukso.supply.phases import electricity_ports, in_order, supply_ports

from ..meters import Meter, flm02, flm03, three_clamps
from ..supplies import clamp_slots, three_phases, wired


def configuration(meter: Meter) -> Configuration:
    """Return the configuration that the meter sends."""
    slots: Json = {str(slot): settings for slot, settings in meter.sensors.items()}
    known = Configuration().updated(parse_config(slots, Report.SENSORS))
    ports: Json = {**(meter.ports or {})}
    return known.updated(parse_config(ports, Report.PORTS)) if ports else known


@pytest.mark.parametrize(
    ("phase", "math", "chosen", "ports"),
    [
        ("3p+n", "none", (), (1, 2, 3)),
        ("3p-n", "none", (), (1, 2, 3)),
        ("1p", "none", (), ()),
        ("2p", "none", (), ()),
        # Where the firmware computes a sum, one port replaces several.
        ("3p+n", "p1+p2+p3", (), (1,)),
        ("3p-n", "p1+p2+p3", (), (1,)),
        ("1p", "p2+p1", (), (2,)),
        ("3p+n", "p2+p1", (), (2, 3)),
        ("3p+n", "p7-p8", (), (1, 2, 3)),
        # The user's choice is used, but nothing is counted twice.
        ("1p", "none", (1, 3), (1, 3)),
        ("1p", "none", (2,), (2,)),
        ("3p+n", "none", (3, 1), (1, 3)),
        ("3p+n", "p1+p2+p3", (1, 2, 3), (1,)),
        ("3p+n", "p1+p2+p3", (2, 3), (2, 3)),
        ("1p", "p2+p1", (1, 2), (2,)),
        ("1p", "p2+p1", (1,), (1,)),
    ],
)
def test_the_ports_of_the_supply(
    phase: str, math: str, chosen: tuple[int, ...], ports: tuple[int, ...]
) -> None:
    found = supply_ports(configuration(wired(three_clamps(), phase, math)), map(str, chosen))
    assert found == tuple(map(str, ports))


def test_a_clamp_that_is_disabled_is_no_part_of_the_supply() -> None:
    meter = three_phases().changed(*clamp_slots(2), enable=0)
    assert supply_ports(configuration(meter), ()) == ("1", "3")


def test_a_chosen_clamp_that_is_disabled_stays_part_of_the_supply() -> None:
    """The totals are then unavailable, rather than those of the other ports alone."""
    meter = three_phases().changed(*clamp_slots(2), enable=0)
    assert supply_ports(configuration(meter), ("1", "2")) == ("1", "2")


def test_a_meter_without_a_ports_configuration_has_no_supply() -> None:
    assert supply_ports(configuration(replace(three_phases(), ports=None)), ()) == ()
    assert supply_ports(Configuration(), ()) == ()
    assert supply_ports(configuration(replace(three_phases(), ports={"main": {}})), ()) == ()


def test_a_p1_port_is_the_supply_as_it_has_the_meter_that_is_billed() -> None:
    assert supply_ports(configuration(flm02()), ()) == ("P1",)


def test_a_p1_port_with_gas_alone_is_no_supply() -> None:
    assert supply_ports(configuration(flm02().changed(2, 6, type="gas")), ()) == ()


def test_an_flm02_without_a_p1_port_has_the_phases_in_one_sensor() -> None:
    assert supply_ports(configuration(flm02().changed(6, enable=0)), ()) == ("1+2+3",)


def test_the_single_clamps_of_an_flm02_measure_unrelated_circuits() -> None:
    assert supply_ports(configuration(flm02().changed(2, 6, enable=0)), ()) == ()


def test_any_port_can_be_chosen() -> None:
    assert supply_ports(configuration(flm02()), ("1",)) == ("1",)
    assert supply_ports(configuration(flm03()), ("6", "1")) == ("1", "6")


def test_of_two_sensors_of_one_port_the_first_gives_the_name() -> None:
    meter = flm02().changed(3, enable=1, port=[1])
    assert electricity_ports(configuration(meter)) == {"1": "main", "1+2+3": "house", "P1": "grid"}


def test_ports_are_in_the_order_of_their_numbers() -> None:
    assert in_order(["P1", "10", "1+2+3", "9", "1"]) == ["1", "1+2+3", "9", "10", "P1"]
