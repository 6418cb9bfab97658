"""Waveform and angles of clamps on the phases whose voltage the meter does not measure."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.image import async_get_image
from homeassistant.core import HomeAssistant
import pytest

from custom_components.flukso.const import DOMAIN

from ..broker import Broker
from ..home import device_of, set_up, value_of
from ..mains import cycle, enable, entity_id, flx_topic, state, waveform
from ..meters import Meter, flm03, reading

#: What "Match phases" finds where the voltage of the first phase is measured: the others lag.
SHIFTS = {1: 0, 2: 4, 3: 2}
METER = flm03().with_port(2, shift=SHIFTS[2]).with_port(3, shift=SHIFTS[3])
ALPHA = 36

pytestmark = pytest.mark.usefixtures("freezer")


async def show_currents(broker: Broker, meter: Meter, angle: float) -> None:
    """Let each clamp publish a current that leads the voltage of its own phase by an angle."""
    await broker.publish(flx_topic(meter, "voltage/1"), waveform(cycle(230), "mV"))
    for port, shift in SHIFTS.items():
        current = waveform(cycle(10, degrees=angle + 60 * shift), "mA")
        await broker.publish(flx_topic(meter, f"current/{port}"), current)


def curve_of(picture: bytes, kind: str) -> list[tuple[float, ...]]:
    """The points of a curve in a picture."""
    text = picture.decode()
    points = text.split(f'class="wave {kind}" points="')[1].partition('"')[0]
    return [tuple(map(float, point.split(","))) for point in points.split()]


@pytest.mark.parametrize("port", SHIFTS)
@pytest.mark.parametrize("angle", [0, -30, 180], ids=["a heater", "a motor", "what exports"])
async def test_a_load_has_its_phase_shift_on_whatever_phase_it_is(
    hass: HomeAssistant, broker: Broker, port: int, angle: int
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "_phase_shift")

    await show_currents(broker, METER, angle)

    shift = float(state(hass, METER, "phase_shift", port).state)
    assert (shift - angle + 180) % 360 - 180 == pytest.approx(0, abs=0.1)


async def test_the_pictures_of_equal_loads_on_three_phases_are_equal(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    await enable(hass, broker, entry, "_waveform")

    await show_currents(broker, METER, -30)

    pictures = [
        (await async_get_image(hass, entity_id(hass, METER, "waveform", port))).content
        for port in SHIFTS
    ]
    first, *others = (curve_of(picture, "current") for picture in pictures)
    for other in others:
        for point, expected in zip(other, first, strict=True):
            assert point == pytest.approx(expected, abs=0.2)
    assert len({str(curve_of(picture, "voltage")) for picture in pictures}) == 1


async def test_the_action_returns_the_current_in_phase_and_by_how_much_it_is_turned(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, METER)
    data = {"device_id": device_of(hass, entry, "solar").id}
    call = hass.services.async_call(
        DOMAIN, "capture_waveform", data, blocking=True, return_response=True
    )
    pending = hass.async_create_background_task(call, "capture")
    await broker.settle()

    await show_currents(broker, METER, 180)

    response = await pending
    assert response is not None
    assert response["voltage_angle"] == 120
    assert abs(response["phase_shift"]) == pytest.approx(180, abs=0.1)
    expected = [sample / 1000 for sample in cycle(10, degrees=180)]
    assert response["current"]["samples"] == pytest.approx(expected, abs=0.01)


async def test_after_match_phases_the_next_capture_is_in_phase(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    before = flm03()
    entry = await set_up(hass, broker, before)
    await enable(hass, broker, entry, "port_3_phase_shift")
    await show_currents(broker, before, 180)
    assert float(state(hass, before, "phase_shift", 3).state) == pytest.approx(-60, abs=0.1)

    await broker.publish(*METER.port_report)
    freezer.tick(10)
    await show_currents(broker, METER, 180)

    shift = float(state(hass, METER, "phase_shift", 3).state)
    assert abs(shift) == pytest.approx(180, abs=0.1)


async def test_the_phase_angle_that_the_meter_publishes_is_against_the_voltage_of_its_phase(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = METER.changed(ALPHA, enable=1)
    entry = await set_up(hass, broker, meter)
    await enable(hass, broker, entry, f"{meter.sensor_id(ALPHA)}_gauge")

    await broker.publish(meter.topic(ALPHA, "gauge"), reading(-65, "°"))

    assert value_of(hass, meter, ALPHA, "gauge") == 175
