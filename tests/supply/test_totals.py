"""The power of a supply: the sum over its phases, second by second."""

from collections.abc import Callable, Iterator

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from ..broker import Broker
from ..clock import Writes, pass_time, play
from ..home import config_entry, set_up
from ..supplies import says, three_phases, total, total_of, total_value

METER = three_phases()
NET = "net_active_power"


def gauges(
    imported: tuple[float, float, float], exported: tuple[float, float, float] = (0, 0, 0)
) -> dict[str, str]:
    """Return the active power of the three phases for one second."""
    return says(METER, "pplus", "gauge", dict(zip((1, 2, 3), imported, strict=True))) | says(
        METER, "pminus", "gauge", dict(zip((1, 2, 3), exported, strict=True))
    )


def without_phase(port: int, messages: dict[str, str]) -> dict[str, str]:
    """Return the messages of the other phases."""
    silent = {METER.sensor_id(slot) for slot in range(12 * port - 11, 12 * port + 1)}
    return {
        topic: payload for topic, payload in messages.items() if topic.split("/")[2] not in silent
    }


async def send(
    hass: HomeAssistant,
    broker: Broker,
    freezer: FrozenDateTimeFactory,
    seconds: int,
    messages_of_second: Callable[[], dict[str, str]],
) -> None:
    """Let the meter send these messages every second."""

    def messages(_second: int) -> Iterator[tuple[str, str]]:
        yield from messages_of_second().items()

    await play(hass, broker, freezer, seconds, messages)


async def set_up_with(hass: HomeAssistant, broker: Broker, power: int) -> None:
    """Set the meter up with another interval for power."""
    entry = config_entry(METER)
    entry.add_to_hass(hass)
    options = {"power_interval": power, "other_interval": 30}
    hass.config_entries.async_update_entry(entry, options=options)
    await broker.publish_all(METER.reports, retain=True)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await broker.settle()


@pytest.mark.usefixtures("freezer")
async def test_the_phases_add_up_and_export_counts_against_import(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, METER)

    await broker.publish_all(gauges((1200.5, 300, 0), (0, 0, 2000.25)))

    assert total_value(hass, METER, "active_power_import") == 1500.5
    assert total_value(hass, METER, "active_power_export") == 2000.25
    assert total_value(hass, METER, NET) == -499.75


@pytest.mark.usefixtures("freezer", "all_entities_enabled")
async def test_reactive_power_is_inductive_less_capacitive(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, METER)

    for subtype, value in (("q1", 100), ("q2", 20), ("q3", 3), ("q4", 0.5)):
        await broker.publish_all(says(METER, subtype, "gauge", dict.fromkeys((1, 2, 3), value)))

    assert total_value(hass, METER, "reactive_power") == 3 * (100 + 20 - 3 - 0.5)


@pytest.mark.usefixtures("freezer")
async def test_a_total_waits_until_all_phases_were_received(
    hass: HomeAssistant, broker: Broker
) -> None:
    await set_up(hass, broker, METER)

    await broker.publish_all(without_phase(3, gauges((100, 200, 300))))
    assert total(hass, METER, NET).state == "unknown"
    await broker.publish_all(gauges((100, 200, 300)))
    assert total_value(hass, METER, NET) == 600


async def test_a_total_is_the_mean_of_the_interval(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, power=5)
    watts = [100.0, 900.0, 20.0, -700.0, 45.0, 1000.0, 3.0]
    sent, published = list[float](), list[float]()

    def next_messages() -> dict[str, str]:
        power = watts[len(sent) % len(watts)]
        sent.append(power)
        if len(sent) > 1:
            published.append(total_value(hass, METER, NET))
        return gauges((max(power, 0) + 500, 0, 0), (0, 500, max(-power, 0)))

    await send(hass, broker, freezer, 351, next_messages)

    assert sum(published) == pytest.approx(sum(sent[:-1]), rel=0.01, abs=5)
    entity = total_of(hass, METER, NET)
    assert entity is not None
    writes = Writes(hass)
    await send(hass, broker, freezer, 60, next_messages)
    assert len(writes.of(entity.entity_id)) == 12


async def test_the_first_interval_is_a_mean_as_well(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, power=5)
    await send(hass, broker, freezer, 1, lambda: gauges((100, 0, 0)))
    assert total_value(hass, METER, NET) == 100

    await send(hass, broker, freezer, 4, lambda: gauges((1000, 0, 0)))

    assert total_value(hass, METER, NET) == 820


async def test_with_an_interval_of_0_every_second_is_published_once(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up_with(hass, broker, power=0)
    entity = total_of(hass, METER, NET)
    assert entity is not None
    writes, sent = Writes(hass), list[float]()

    def next_messages() -> dict[str, str]:
        sent.append(len(sent))
        return gauges((len(sent), 0, 0), (0, 1, 0))

    await send(hass, broker, freezer, 20, next_messages)

    assert [float(state) for state in writes.of(entity.entity_id)] == sent


async def test_a_phase_whose_reading_is_missing_is_waited_for(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    await send(hass, broker, freezer, 10, lambda: gauges((100, 200, 300)))

    for _ in range(5):
        await send(hass, broker, freezer, 4, lambda: without_phase(3, gauges((100, 200, 300))))
        assert total_value(hass, METER, NET) == 600
        await send(hass, broker, freezer, 1, lambda: gauges((100, 200, 300)))

    assert total_value(hass, METER, NET) == 600


async def test_while_a_phase_is_silent_there_is_no_total(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    await send(hass, broker, freezer, 5, lambda: gauges((100, 200, 300)))

    await send(hass, broker, freezer, 70, lambda: without_phase(3, gauges((100, 200, 300))))
    assert total(hass, METER, NET).state == "unavailable"
    assert total(hass, METER, "active_power_import").state == "unavailable"

    await send(hass, broker, freezer, 2, lambda: gauges((100, 200, 50)))
    assert total_value(hass, METER, NET) == 350


async def test_without_a_broker_there_is_no_total_and_after_it_no_outdated_one(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    await send(hass, broker, freezer, 7, lambda: gauges((100, 200, 300)))

    await broker.lose_connection()
    assert total(hass, METER, NET).state == "unavailable"
    await pass_time(hass, freezer, 30, step=5)
    await broker.restore_connection()
    assert total(hass, METER, NET).state == "unknown"
    await send(hass, broker, freezer, 1, lambda: gauges((1, 2, 3)))
    assert total_value(hass, METER, NET) == 6


async def test_a_phase_that_is_always_a_second_late_delays_no_total(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, broker, METER)
    late: dict[str, str] = {}

    def next_messages() -> dict[str, str]:
        nonlocal late
        now = gauges((100, 200, 300))
        early = without_phase(3, now)
        messages, late = early | late, dict(now.items() - early.items())
        return messages

    await send(hass, broker, freezer, 12, next_messages)

    assert total_value(hass, METER, NET) == 600


async def test_a_total_that_the_user_disables_is_not_computed(
    hass: HomeAssistant, broker: Broker
) -> None:
    """Nor are topics subscribed to that nothing else needs."""
    entry = await set_up(hass, broker, METER)
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        disabled = er.RegistryEntryDisabler.USER
        registry.async_update_entity(entity.entity_id, disabled_by=disabled)
    net = total_of(hass, METER, NET)
    assert net is not None
    registry.async_update_entity(net.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await broker.settle()

    assert {topic for topic in broker.topics if "sensor/" in topic[:8]} == gauges((0, 0, 0)).keys()
    await broker.publish_all(gauges((1, 2, 3), (0, 0, 1)))
    assert total_value(hass, METER, NET) == 5
