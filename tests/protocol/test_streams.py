"""The readings topics that each sensor feeds, and what is expected on them."""

import pytest

from custom_components.flukso.protocol.quantities import PULSE_QUANTITIES, Quantity, Unit
from custom_components.flukso.protocol.sensors import (
    Source,
    streams_of,
)
from custom_components.flukso.protocol.topics import Kind

from .slots import sensor


@pytest.mark.parametrize("quantity", Quantity)
@pytest.mark.parametrize("source", Source)
@pytest.mark.parametrize("kind", Kind)
def test_every_sensor_publishes_each_kind_at_most_once(
    quantity: Quantity, source: Source, kind: Kind
) -> None:
    found = sensor(quantity, source, kind)
    streams = streams_of(found)
    kinds = [stream.kind for stream in streams]
    assert kinds in ([Kind.COUNTER, Kind.GAUGE], [Kind.GAUGE], [Kind.COUNTER])
    for stream in streams:
        assert stream.sensor is found
        assert isinstance(stream.unit, Unit)
        assert stream.lowest <= 0 < stream.highest


def test_only_signed_gauges_of_clamps_are_misprinted() -> None:
    misprinted = {
        (source, quantity)
        for source in Source
        for quantity in Quantity
        for stream in streams_of(sensor(quantity, source))
        if stream.misprinted
    }
    assert misprinted == {(Source.CLAMP, Quantity.PF), (Source.CLAMP, Quantity.ALPHA)}


def test_the_electricity_counter_of_a_p1_port_alone_can_be_negative() -> None:
    both_ways = {
        (source, stream.sensor.quantity)
        for source in Source
        for quantity in PULSE_QUANTITIES
        for stream in streams_of(sensor(quantity, source))
        if stream.kind is Kind.COUNTER and stream.both_ways
    }
    assert both_ways == {
        (Source.COSEM, Quantity.ELECTRICITY),
        (Source.COSEM, Quantity.OTHER),
    }


def test_only_the_angle_of_a_clamp_is_turned_to_the_voltage_of_its_phase() -> None:
    turned = {
        (source, quantity, stream.voltage_angle)
        for source in Source
        for quantity in Quantity
        for stream in streams_of(sensor(quantity, source), voltage_angle=120)
        if stream.voltage_angle
    }
    assert turned == {(Source.CLAMP, Quantity.ALPHA, 120)}
