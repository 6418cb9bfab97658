"""Readings as the firmware prints them, and as it never does."""

from dataclasses import replace
from fractions import Fraction
from math import isnan, nan

from hypothesis import example, given, strategies as st
import pytest

from custom_components.flukso.protocol.quantities import Quantity, Unit
from custom_components.flukso.protocol.reading import Reading, parse_reading, unchecked_value
from custom_components.flukso.protocol.sensors import Source, Stream, streams_of
from custom_components.flukso.protocol.topics import Kind
from custom_components.flukso.protocol.validation import Json, ProtocolError

from . import firmware
from .slots import sensor
from .strategies import any_json, as_payload, numbers, parsed_or_refused, texts

IMPORT_ENERGY, IMPORT_POWER = streams_of(sensor(Quantity.PPLUS))
(ANGLE,) = streams_of(sensor(Quantity.ALPHA, data_type=Kind.GAUGE))
(POWER_FACTOR,) = streams_of(sensor(Quantity.PF, data_type=Kind.GAUGE))
(VOLTAGE,) = streams_of(sensor(Quantity.VRMS, data_type=Kind.GAUGE))
GAS, GAS_FLOW = streams_of(sensor(Quantity.GAS, Source.PULSE))
P1_ENERGY, P1_POWER = streams_of(sensor(Quantity.ELECTRICITY, Source.COSEM))
(TEMPERATURE,) = streams_of(sensor(Quantity.TEMPERATURE, Source.KUBE, Kind.GAUGE))
(MOVEMENT,) = streams_of(sensor(Quantity.MOVEMENT, Source.KUBE))

_STREAMS = (
    *(IMPORT_ENERGY, IMPORT_POWER, ANGLE, POWER_FACTOR, VOLTAGE),
    *(GAS, GAS_FLOW, P1_ENERGY, P1_POWER, TEMPERATURE, MOVEMENT),
)
_NOW = 1_517_237_114

streams = st.sampled_from(_STREAMS)
seconds = st.integers(0, 2**32 - 1)
fixed_points = st.integers(-(2**31), 2**31 - 1)


def _cut_to_thousandths(fixed_point: int) -> float:
    """Return a Q20.11 number cut to three decimals, by floor."""
    return float(Fraction(Fraction(fixed_point, 2048) * 1000 // 1, 1000))


@given(seconds, fixed_points, st.sampled_from((ANGLE, POWER_FACTOR)))
@example(_NOW, -1, ANGLE)
@example(_NOW, -1024, ANGLE)
@example(_NOW, -2047, ANGLE)
@example(_NOW, -2048, ANGLE)
@example(_NOW, -2049, ANGLE)
@example(_NOW, -(2**31), ANGLE)
@example(_NOW, 2**31 - 1, ANGLE)
def test_a_signed_clamp_gauge_is_read_as_the_meter_measured_it(
    time: int, fixed_point: int, stream: Stream
) -> None:
    payload = firmware.clamp_gauge(time, fixed_point, stream.unit)
    reading = parse_reading(payload, stream)
    assert reading == Reading(time, _cut_to_thousandths(fixed_point), stream.unit)
    assert 0 <= fixed_point / 2048 - reading.value < 0.001


@given(seconds, st.integers(0, 2**31 - 1), st.sampled_from((IMPORT_POWER, VOLTAGE)))
def test_an_unsigned_clamp_gauge_is_read_as_the_meter_measured_it(
    time: int, fixed_point: int, stream: Stream
) -> None:
    payload = firmware.clamp_gauge(time, fixed_point, stream.unit)
    assert parse_reading(payload, stream) == Reading(
        time, _cut_to_thousandths(fixed_point), stream.unit
    )


@given(st.integers(-(2**31), -1), st.sampled_from((IMPORT_POWER, VOLTAGE)))
def test_an_unsigned_clamp_gauge_is_never_negative(fixed_point: int, stream: Stream) -> None:
    with pytest.raises(ProtocolError, match="out of the meter's range"):
        parse_reading(firmware.clamp_gauge(_NOW, fixed_point, stream.unit), stream)


@given(seconds, st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1))
def test_a_clamp_counter_is_read_as_the_meter_counted_it(
    time: int, whole: int, fraction: int
) -> None:
    reading = parse_reading(firmware.clamp_counter(time, whole, fraction, "Wh"), IMPORT_ENERGY)
    assert (reading.time, reading.unit) == (time, Unit.WATT_HOUR)
    assert -1e-6 < whole + fraction / 2**16 - reading.value < 0.001 + 1e-6


@given(seconds, st.integers(0, 2**32 - 1), st.integers(0, 999))
def test_a_pulse_counter_is_read_as_the_meter_counted_it(
    time: int, whole: int, thousandths: int
) -> None:
    payload = firmware.pulse_counter(time, whole, thousandths, "L")
    expected = float(whole + Fraction(thousandths, 1000))
    assert parse_reading(payload, GAS) == Reading(time, expected, Unit.LITRE)


@given(seconds, st.floats(0, 2**20))
def test_a_pulse_gauge_is_read_as_the_meter_measured_it(time: int, value: float) -> None:
    reading = parse_reading(firmware.pulse_gauge(time, value, "L/s"), GAS_FLOW)
    assert abs(reading.value - value) < 0.001 + 1e-9


@pytest.mark.parametrize(
    ("payload", "stream", "reading"),
    [
        (b'[1517237114, 1278.079, "W"]', IMPORT_POWER, Reading(_NOW, 1278.079, Unit.WATT)),
        (b'[1517237114, 0, "W"]', IMPORT_POWER, Reading(_NOW, 0, Unit.WATT)),
        (b'[1517237114,157,"W"]', P1_POWER, Reading(_NOW, 157, Unit.WATT)),
        (b'[1517237114,-157,"W"]', P1_POWER, Reading(_NOW, -157, Unit.WATT)),
        (b'[1517237114,-1.5,"Wh"]', P1_ENERGY, Reading(_NOW, -1.5, Unit.WATT_HOUR)),
        (b'[1517237114, 0.972, ""]', POWER_FACTOR, Reading(_NOW, 0.972, Unit.NONE)),
        ('[1517237114,-3.25,"°C"]'.encode(), TEMPERATURE, Reading(_NOW, -3.25, Unit.CELSIUS)),
        ('[1517237114, -1.500, "°"]'.encode(), ANGLE, Reading(_NOW, -0.5, Unit.DEGREE)),
        ('[1517237114, -1.999, "°"]'.encode(), ANGLE, Reading(_NOW, -0.001, Unit.DEGREE)),
        ('[1517237114, -2, "°"]'.encode(), ANGLE, Reading(_NOW, -2, Unit.DEGREE)),
        ('[1517237114, -31.750, "°"]'.encode(), ANGLE, Reading(_NOW, -30.25, Unit.DEGREE)),
        (b'[0,0,""]', MOVEMENT, Reading(0, 0, Unit.NONE)),
        (b'[4294967295, 4294967295.999, "L"]', GAS, Reading(2**32 - 1, 2**32 - 0.001, Unit.LITRE)),
    ],
)
def test_a_reading_is_read(payload: bytes, stream: Stream, reading: Reading) -> None:
    assert parse_reading(payload, stream) == reading


def test_a_negative_value_that_is_not_misprinted_is_left_alone() -> None:
    assert parse_reading(b'[1517237114, -0.500, ""]', POWER_FACTOR).value == -0.5
    assert parse_reading(b'[1517237114, -1.500, "L/s"]', GAS_FLOW).value == -1.5


@pytest.mark.parametrize(
    ("measured", "leads_by", "shown"),
    [
        (30, 240, 150),
        (-100, 240, 20),
        (170, 120, 50),
        (-170, 120, 70),
        (-60, 120, -180),
        (180, 240, -60),
    ],
)
def test_an_angle_is_that_to_the_voltage_of_its_own_phase(
    measured: int, leads_by: int, shown: int
) -> None:
    """The meter measures it to the voltage of the first phase, which the phase's leads."""
    stream = replace(ANGLE, voltage_angle=leads_by)

    assert parse_reading(f'[{_NOW}, {measured}, "°"]'.encode(), stream).value == shown


def test_nothing_is_never_negative() -> None:
    assert str(parse_reading(b'[1517237114, -0.000, "W"]', IMPORT_POWER).value) == "0.0"


@pytest.mark.parametrize(("leads_by", "sent"), [(0, 180), (240, 180.001), (240, -1000)])
def test_an_angle_is_not_turned_needlessly_nor_what_is_no_angle(leads_by: int, sent: float) -> None:
    stream = replace(ANGLE, voltage_angle=leads_by)
    assert parse_reading(f'[{_NOW}, {sent}, "°"]'.encode(), stream).value == sent


def test_the_lowest_value_of_a_clamp_is_misprinted_as_well() -> None:
    assert parse_reading(f'[{_NOW}, -1048576.500, "°"]'.encode(), ANGLE).value == -1048575.5


@given(seconds, streams)
def test_a_reading_without_unit_has_that_of_its_stream(time: int, stream: Stream) -> None:
    assert parse_reading(b"[%d,1]" % time, stream) == Reading(time, 1, stream.unit)


@given(st.sampled_from(Unit), streams)
def test_a_reading_has_the_unit_of_its_message(unit: Unit, stream: Stream) -> None:
    reading = parse_reading(f'[1517237114, 1, "{unit}"]'.encode(), stream)
    assert reading.unit is unit


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"12",
        b"null",
        b"true",
        b'"W"',
        b"{}",
        b"[]",
        b"[1517237114]",
        b'[1517237114, 1, "W", 1]',
        b'[1517237114, 1, "W"] ]',
        b'{"time": 1517237114, "value": 1, "unit": "W"}',
        b'[[1517237114,500],[1,2,3],"mV"]',
        b"{flm:{time:[1,2],update:false},flx:{time:[1,0],update:false}}",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b'[1517237114, 1278,079, "W"]',
        b'[1517237114, 1, "W"]' + b" " * 128,
        b"[" * 100_000,
        b"[[[[1]]]]",
        b'[1517237114, 1, ["W"]]',
        b'[1517237114, 1, {"unit": "W"}]',
    ],
)
def test_another_shape_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_reading(payload, IMPORT_POWER)


def test_a_reading_has_at_most_128_bytes() -> None:
    longest = b'[1517237114, 1, "W"]'.ljust(128)

    assert parse_reading(longest, IMPORT_POWER).value == unchecked_value(longest) == 1
    with pytest.raises(ProtocolError, match="too long"):
        parse_reading(longest + b" ", IMPORT_POWER)
    assert isnan(unchecked_value(longest + b" "))


@pytest.mark.parametrize(
    "time",
    ["-1", "4294967296", "1517237114.5", "1.517237114e9", '"1517237114"', "true", "null", "9" * 60],
)
def test_a_time_that_is_no_second_is_refused(time: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_reading(f'[{time}, 1, "W"]'.encode(), IMPORT_POWER)
    assert refusal.value.wrong == "time is not in whole seconds since 1970"


@pytest.mark.parametrize("value", ["true", "false", "null", '"1"', '""', '"nan"'])
def test_a_value_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_reading(f'[1517237114, {value}, "W"]'.encode(), IMPORT_POWER)
    assert refusal.value.wrong == "value is not a number"


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-Infinity", "nan", "1_0", "0x10", "01", ".5", "1e999", "-1e999"],
)
@pytest.mark.parametrize("stream", _STREAMS)
def test_a_value_that_can_t_be_read_is_refused(value: str, stream: Stream) -> None:
    with pytest.raises(ProtocolError, match="not JSON"):
        parse_reading(f"[1517237114, {value}]".encode(), stream)


@pytest.mark.parametrize("value", ["1e300", "-1e300", "9" * 100, f"-{'9' * 100}"])
@pytest.mark.parametrize("stream", _STREAMS)
def test_a_value_beyond_all_meters_is_refused(value: str, stream: Stream) -> None:
    with pytest.raises(ProtocolError, match="out of the meter's range"):
        parse_reading(f"[1517237114, {value}]".encode(), stream)


@pytest.mark.parametrize(
    ("stream", "value"),
    [
        (IMPORT_ENERGY, "-0.001"),
        (IMPORT_ENERGY, "4294967296"),
        (IMPORT_POWER, "-1"),
        (IMPORT_POWER, "1048576.001"),
        (ANGLE, "1048576.001"),
        (ANGLE, "-1048577"),
        (GAS, "-1"),
        (GAS_FLOW, "4294967296"),
        (GAS_FLOW, "-4294967296"),
        (P1_ENERGY, "-4294967296"),
        (MOVEMENT, "-1"),
    ],
)
def test_a_value_just_beyond_the_range_is_refused(stream: Stream, value: str) -> None:
    with pytest.raises(ProtocolError, match="out of the meter's range"):
        parse_reading(f"[1517237114, {value}]".encode(), stream)


@pytest.mark.parametrize("unit", ["Pa", "hPa"])
def test_the_pressure_comes_in_either_of_two_units(unit: str) -> None:
    assert parse_reading(f'[1517237114, 1, "{unit}"]'.encode(), MOVEMENT).unit == unit


@pytest.mark.parametrize(
    "unit",
    ['"w"', '"kWh"', '"var"', '"W "', '"WATT"', '"\\u0000"', "1", "null", "true"],
)
def test_a_unit_that_no_firmware_sends_is_refused(unit: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_reading(f"[1517237114, 1, {unit}]".encode(), IMPORT_POWER)
    assert refusal.value.wrong == "unit is unknown"


def test_a_unit_that_is_no_text_at_all_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not JSON"):
        parse_reading(rb'[1517237114, 1, "\ud800"]', IMPORT_POWER)


def test_a_unit_in_another_encoding_is_refused() -> None:
    with pytest.raises(ProtocolError, match="not JSON"):
        parse_reading('[1517237114, 1, "°"]'.encode("latin-1"), ANGLE)


def _is_sound(reading: Reading, stream: Stream) -> bool:
    return (
        type(reading.time) is int
        and 0 <= reading.time < 2**32
        and type(reading.value) in (int, float)
        and stream.lowest <= reading.value <= stream.highest
        and isinstance(reading.unit, Unit)
    )


@given(st.binary(max_size=200), streams)
def test_any_bytes_are_a_reading_or_refused(payload: bytes, stream: Stream) -> None:
    reading = parsed_or_refused(lambda: parse_reading(payload, stream))
    assert reading is None or _is_sound(reading, stream)


_nearly_readings = st.tuples(
    seconds | numbers | texts, numbers | texts, st.sampled_from(Unit) | texts | numbers
).map(list)


@given(any_json | _nearly_readings, streams)
def test_any_json_is_a_reading_or_refused(value: Json, stream: Stream) -> None:
    reading = parsed_or_refused(lambda: parse_reading(as_payload(value), stream))
    assert reading is None or _is_sound(reading, stream)


@given(st.text("0123456789.eE+-", min_size=1, max_size=20), streams)
def test_any_number_is_a_reading_or_refused(number: str, stream: Stream) -> None:
    reading = parsed_or_refused(lambda: parse_reading(f"[1,{number}]".encode(), stream))
    assert reading is None or _is_sound(reading, stream)


@pytest.mark.parametrize(
    ("payload", "value"),
    [(b'[1500000000, 12.5, "W"]', 12.5), (b"[1500000000, 12.5" + b" " * 200, nan), (b"[]", nan)],
)
def test_the_value_of_a_message_is_known_before_it_is_checked(payload: bytes, value: float) -> None:
    assert unchecked_value(payload) == pytest.approx(value, nan_ok=True)
