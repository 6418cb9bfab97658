"""Availability: a silent regular stream becomes unavailable, with the streams that rely on it."""

from collections.abc import Iterable
import logging

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from ..broker import Broker
from ..home import let_pass, set_up, set_up_and_read, state_of, value_of
from ..meters import Meter, flm02, flm03, kubes_alone, reading, three_clamps

CLAMPS = range(1, 37)
PULSES = range(37, 40)
KUBES = range(40, 58)


def readings_of(meter: Meter, slots: Iterable[int]) -> dict[str, str]:
    """The readings of some slots."""
    topics = {meter.topic(slot, kind) for slot in slots for kind in ("counter", "gauge")}
    return {topic: payload for topic, payload in meter.readings().items() if topic in topics}


def available(hass: HomeAssistant, meter: Meter, slots: range) -> set[bool]:
    """Whether the enabled entities of some slots are available."""
    results = set()
    for topic in readings_of(meter, slots):
        _, _, sensor_id, kind = topic.split("/")
        [slot] = [slot for slot in slots if meter.sensor_id(slot) == sensor_id]
        if meter.sensors[slot].get("subtype") not in ("vthd", "ithd"):
            results.add(state_of(hass, meter, slot, kind).state != "unavailable")
    return results


async def test_silent_clamps_make_the_pulse_inputs_unavailable(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "custom_components")
    meter = flm03()
    await set_up_and_read(hass, broker, meter)

    await let_pass(hass, broker, freezer, 55)
    assert available(hass, meter, CLAMPS) == available(hass, meter, PULSES) == {True}
    await let_pass(hass, broker, freezer, 20)
    assert available(hass, meter, CLAMPS) == available(hass, meter, PULSES) == {False}
    assert available(hass, meter, KUBES) == {True}
    await let_pass(hass, broker, freezer, 600)
    assert available(hass, meter, KUBES) == {False}

    await broker.publish_all(meter.readings())
    await let_pass(hass, broker, freezer, 5)
    for slots in (CLAMPS, PULSES, KUBES):
        assert available(hass, meter, slots) == {True}
    messages = [record.getMessage() for record in caplog.records]
    logged = [message for message in messages if message.startswith("Fluksometer")]
    assert logged == [
        "Fluksometer f10300 is unavailable",
        "Fluksometer f10300 is available again",
    ]


async def test_one_live_clamp_keeps_the_pulse_inputs_available(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03()
    await set_up_and_read(hass, broker, meter)

    for _ in range(4):
        await let_pass(hass, broker, freezer, 30)
        await broker.publish_all(readings_of(meter, range(1, 13)))

    assert available(hass, meter, range(1, 13)) == {True}
    assert available(hass, meter, range(13, 37)) == {False}
    assert available(hass, meter, PULSES) == {True}


async def test_pulse_inputs_alone_may_be_silent(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm03().changed(*CLAMPS, enable=0)
    await set_up_and_read(hass, broker, meter)

    await let_pass(hass, broker, freezer, 300)

    assert available(hass, meter, PULSES) == {True}


async def test_a_counter_of_an_flm02_may_stand_still_while_its_gauge_is_live(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = flm02()
    await set_up_and_read(hass, broker, meter)

    for _ in range(4):
        await let_pass(hass, broker, freezer, 30)
        await broker.publish(meter.topic(1, "gauge"), reading(420, "W"))

    assert state_of(hass, meter, 1, "counter").state != "unavailable"
    assert state_of(hass, meter, 6, "gauge").state == "unavailable"


async def test_an_old_retained_gauge_is_ignored(hass: HomeAssistant, broker: Broker) -> None:
    meter = kubes_alone()
    await broker.publish(meter.topic(40, "gauge"), reading(30, "°C", age=3600), retain=True)
    await broker.publish(meter.topic(41, "gauge"), reading(50, "%", age=60), retain=True)
    await broker.publish(meter.topic(46, "counter"), reading(7, "", age=86_400), retain=True)

    await set_up(hass, broker, meter)

    assert state_of(hass, meter, 40, "gauge").state in ("unknown", "unavailable")
    assert value_of(hass, meter, 41, "gauge") == 50
    assert state_of(hass, meter, 46, "counter").state == "off"
    await broker.publish(meter.topic(40, "gauge"), reading(21, "°C"))
    assert value_of(hass, meter, 40, "gauge") == 21


async def test_a_meter_whose_clock_is_wrong_is_live(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    """A single reading may be an old one; those that go on are not."""
    meter = three_clamps()
    await set_up(hass, broker, meter)

    for second in (0, 5):
        await broker.publish(meter.topic(1, "gauge"), reading(100, "W", age=7200))
        await broker.publish(meter.topic(7, "gauge"), f'[{30 + second}, 231, "V"]')
        await let_pass(hass, broker, freezer, 5)

    assert value_of(hass, meter, 1, "gauge") == 100
    assert value_of(hass, meter, 7, "gauge") == 231


async def test_while_the_connection_is_lost_silence_does_not_count(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = three_clamps()
    await set_up_and_read(hass, broker, meter)
    await broker.lose_connection()
    await let_pass(hass, broker, freezer, 300)
    assert available(hass, meter, CLAMPS) == {False}

    await broker.restore_connection()
    await let_pass(hass, broker, freezer, 5)
    await broker.publish_all(meter.readings())

    assert available(hass, meter, CLAMPS) == {True}
    assert value_of(hass, meter, 1, "gauge") == 1278.5


async def test_each_kube_has_its_own_availability(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first kube sends gauges, so its movement is available; the second is silent."""
    caplog.set_level(logging.INFO, "custom_components")
    meter = flm03()
    await set_up_and_read(hass, broker, meter)

    for _ in range(4):
        await let_pass(hass, broker, freezer, 350)
        await broker.publish_all(readings_of(meter, [*CLAMPS, *range(40, 46)]))
        await let_pass(hass, broker, freezer, 5)

    assert available(hass, meter, range(40, 49)) == {True}
    assert available(hass, meter, range(49, 58)) == {False}
    await broker.publish_all(readings_of(meter, range(49, 58)))
    await let_pass(hass, broker, freezer, 10)
    logged = [record.getMessage() for record in caplog.records if "Kube" in record.getMessage()]
    assert logged == [
        "Kube 2 of Fluksometer f10300 is unavailable",
        "Kube 2 of Fluksometer f10300 is available again",
    ]


async def test_a_silent_kube_that_is_removed_is_not_logged_as_available_again(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "custom_components")
    meter = flm03()
    await set_up_and_read(hass, broker, meter)
    await let_pass(hass, broker, freezer, 650)
    await broker.publish_all(readings_of(meter, [*CLAMPS, *range(40, 46)]))
    await let_pass(hass, broker, freezer, 10)

    await broker.publish(*meter.changed(*range(49, 58), enable=0).sensor_report)
    await let_pass(hass, broker, freezer, 10)

    logged = [record.getMessage() for record in caplog.records if "Kube" in record.getMessage()]
    assert logged == ["Kube 2 of Fluksometer f10300 is unavailable"]


async def test_a_kube_may_be_silent_for_ten_minutes(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = kubes_alone()
    await set_up_and_read(hass, broker, meter)

    await let_pass(hass, broker, freezer, 595)
    assert available(hass, meter, KUBES) == {True}
    await let_pass(hass, broker, freezer, 15)
    assert available(hass, meter, KUBES) == {False}


@pytest.mark.parametrize(
    ("slot", "age", "shown"),
    [(1, 50, "420"), (1, 70, "unknown"), (7, 590, "21.31"), (7, 610, "unknown")],
    ids=["clamp", "clamp, too old", "kube", "kube, too old"],
)
async def test_a_retained_gauge_is_used_for_as_long_as_its_stream_may_be_silent(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    *,
    slot: int,
    age: int,
    shown: str,
) -> None:
    meter = flm02()
    value, unit = (420, "W") if slot == 1 else (21.31, "°C")
    await broker.publish(meter.topic(slot, "gauge"), reading(value, unit, age=age), retain=True)

    await set_up(hass, broker, meter)

    assert state_of(hass, meter, slot, "gauge").state == shown


async def test_a_meter_whose_clock_is_wrong_stays_live(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    meter = three_clamps()
    await set_up(hass, broker, meter)

    for second in range(0, 120, 5):
        await broker.publish(meter.topic(1, "gauge"), reading(100 + second, "W", age=7200))
        await broker.publish(meter.topic(7, "gauge"), f'[{30 + second}, 231, "V"]')
        await let_pass(hass, broker, freezer, 5)

    assert value_of(hass, meter, 1, "gauge") == 215
    assert value_of(hass, meter, 7, "gauge") == 231


async def test_after_an_outage_of_the_broker_gauges_are_unknown_until_their_next_reading(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "custom_components")
    meter = three_clamps()
    await set_up_and_read(hass, broker, meter)
    await let_pass(hass, broker, freezer, 5)

    await broker.lose_connection()
    await let_pass(hass, broker, freezer, 60)
    assert state_of(hass, meter, 1, "counter").state == "unavailable"
    await broker.restore_connection()

    assert state_of(hass, meter, 1, "gauge").state == "unknown"
    assert value_of(hass, meter, 1, "counter") == 2593.8054
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5
    logged = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.flukso.meter.")
        and record.levelno == logging.INFO
    ]
    assert logged == [
        "Fluksometer c1a300 is unavailable",
        "Fluksometer c1a300 is available again",
    ]
