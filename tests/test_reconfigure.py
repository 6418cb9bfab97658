"""A meter whose topics moved behind another prefix: it is listened for as at the first set-up."""

from dataclasses import replace

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .broker import Broker
from .flows import choose_broker, listen
from .home import config_entry, entities, set_up_and_read, value_of
from .meters import Meter, flm02, flm03, reading
from .older import leave_behind

MOVED = "home/flukso/"


@pytest.fixture
def meter() -> Meter:
    """A meter that was set up without a prefix."""
    return flm03()


@pytest.fixture
def moved(meter: Meter) -> Meter:
    """The same meter behind a prefix."""
    return replace(meter, prefix=MOVED)


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the form of the topic prefix."""
    return await choose_broker(hass, await entry.start_reconfigure_flow(hass))


def suggested(form: ConfigFlowResult) -> str:
    """The prefix that the form shows."""
    assert form["data_schema"] is not None
    [field] = form["data_schema"].schema
    prefix: str = field.description["suggested_value"]
    return prefix


async def assert_it_moves(
    hass: HomeAssistant, broker: Broker, form: ConfigFlowResult, entry: MockConfigEntry
) -> None:
    """Whatever was wrong, the same form then finds the meter behind its new prefix."""
    await broker.publish_all(replace(flm03(), prefix=MOVED).reports, retain=True)

    result = await listen(hass, form, topic_prefix=" home/flukso ")
    await broker.settle()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data == {"device_id": flm03().device_id, "topic_prefix": MOVED}


async def test_a_meter_is_followed_behind_its_new_prefix_with_all_its_entities(
    hass: HomeAssistant, broker: Broker, meter: Meter, moved: Meter
) -> None:
    entry = await set_up_and_read(hass, broker, meter)
    registered = entities(hass, entry)

    form = await start(hass, entry)
    assert suggested(form) == "/"
    await assert_it_moves(hass, broker, form, entry)

    assert entities(hass, entry) == registered
    assert [topic for topic in broker.topics if topic.startswith("/sensor/")] == []
    await broker.publish(moved.topic(1, "counter"), reading("2593806.400", "Wh"))
    assert value_of(hass, meter, 1, "counter") == 2593.8064


async def test_a_meter_can_lose_its_prefix(
    hass: HomeAssistant, broker: Broker, meter: Meter, moved: Meter
) -> None:
    entry = await set_up_and_read(hass, broker, moved)
    await broker.publish_all(meter.reports, retain=True)

    form = await start(hass, entry)
    assert suggested(form) == MOVED
    result = await listen(hass, form)
    await broker.settle()

    assert result["reason"] == "reconfigure_successful"
    assert entry.data["topic_prefix"] == "/"
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5


async def test_the_prefix_can_stay_as_it_is(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    entry = await set_up_and_read(hass, broker, meter)

    result = await listen(hass, await start(hass, entry))
    await broker.settle()

    assert result["reason"] == "reconfigure_successful"
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5


@pytest.mark.parametrize(
    ("prefix", "errors"),
    [
        ("home/+", {"topic_prefix": "invalid_prefix"}),
        ("attic", {"base": "nothing_heard_behind_prefix"}),
        ("cellar", {"base": "others_heard"}),
    ],
    ids=["no prefix", "nothing is heard", "another meter is heard"],
)
async def test_where_the_meter_is_not_heard_another_prefix_can_be_tried(
    hass: HomeAssistant, broker: Broker, meter: Meter, prefix: str, errors: dict[str, str]
) -> None:
    entry = await set_up_and_read(hass, broker, meter)
    await broker.publish_all(replace(flm02(), prefix="cellar/").reports, retain=True)

    form = await listen(hass, await start(hass, entry), topic_prefix=prefix)

    assert form["errors"] == errors
    assert suggested(form) == prefix
    assert entry.data["topic_prefix"] == "/"
    await assert_it_moves(hass, broker, form, entry)


async def test_where_nothing_is_heard_without_a_prefix_another_can_be_tried(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    entry = await set_up_and_read(hass, broker, replace(meter, prefix="attic/"))
    broker.retained.clear()

    form = await listen(hass, await start(hass, entry))

    assert form["errors"] == {"base": "nothing_heard"}
    await assert_it_moves(hass, broker, form, entry)


async def test_where_mqtt_is_not_connected_one_can_wait_for_it(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    entry = await set_up_and_read(hass, broker, meter)
    await broker.lose_connection()

    form = await listen(hass, await start(hass, entry), topic_prefix=MOVED)

    assert form["errors"] == {"base": "mqtt_not_connected"}
    await broker.restore_connection()
    await assert_it_moves(hass, broker, form, entry)


async def test_a_meter_that_is_not_loaded_can_be_moved(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    entry = config_entry(meter)
    entry.add_to_hass(hass)

    await assert_it_moves(hass, broker, await start(hass, entry), entry)


async def test_an_entry_of_the_older_integration_that_was_not_migrated_is_not_changed(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> None:
    entry = leave_behind(hass, meter)

    result = await entry.start_reconfigure_flow(hass)

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_migrated")
    assert entry.version == 1
