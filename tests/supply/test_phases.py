"""Which ports are the phases of one supply."""

from dataclasses import replace

import pytest

from custom_components.flukso.protocol.configuration import Configuration, parse_config
from custom_components.flukso.protocol.topics import Report
from custom_components.flukso.protocol.validation import Json
from custom_components.flukso.supply.phases import supply_ports

from ..meters import Meter, three_clamps
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
    assert supply_ports(configuration(wired(three_clamps(), phase, math)), chosen) == ports


def test_a_clamp_that_is_disabled_is_no_part_of_the_supply() -> None:
    meter = three_phases().changed(*clamp_slots(2), enable=0)
    assert supply_ports(configuration(meter), ()) == (1, 3)


def test_a_chosen_clamp_that_is_disabled_stays_part_of_the_supply() -> None:
    """The totals are then unavailable, rather than those of the other ports alone."""
    meter = three_phases().changed(*clamp_slots(2), enable=0)
    assert supply_ports(configuration(meter), (1, 2)) == (1, 2)


def test_a_meter_without_a_ports_configuration_has_no_supply() -> None:
    assert supply_ports(configuration(replace(three_phases(), ports=None)), ()) == ()
    assert supply_ports(Configuration(), ()) == ()
    assert supply_ports(configuration(replace(three_phases(), ports={"main": {}})), ()) == ()
