"""A meter whose address changes, or that is reached in another way: it stays the same meter."""

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .broker import Broker
from .direct import MetersBroker, connected, set_up_directly
from .flows import choose_broker, listen
from .home import set_up_and_read, value_of
from .meters import Meter, flm02, flm03, reading

OPTIONS = {"power_interval": 0, "other_interval": 0, "waveform_interval": 10, "fill_gaps": True}


@pytest.fixture
async def meter(own_broker: MetersBroker) -> Meter:
    """A meter that is on the network."""
    await own_broker.publish(flm03())
    return flm03()


async def choose_direct(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the form of the address in the menu of both ways."""
    menu = await entry.start_reconfigure_flow(hass)
    assert menu["type"] is FlowResultType.MENU
    assert (menu["step_id"], menu["menu_options"]) == ("reconfigure", ["direct", "broker"])
    return await listen(hass, menu, next_step_id="direct")


def suggested(form: ConfigFlowResult) -> dict[str, str | int]:
    """What the form shows."""
    assert form["data_schema"] is not None
    return {
        str(field): field.description["suggested_value"]
        for field in form["data_schema"].schema
        if field.description
    }


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> list[tuple[str, str, str]]:
    """The entities of a meter."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return sorted((entity.entity_id, entity.unique_id, entity.id) for entity in found)


async def test_a_meter_changes_its_way_back_and_forth_and_keeps_everything(
    hass: HomeAssistant, broker: Broker, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_and_read(hass, broker, meter)
    hass.config_entries.async_update_entry(entry, options=OPTIONS)
    before = registered(hass, entry)
    through_mqtt = dict(entry.data)

    form = await choose_direct(hass, entry)
    result = await listen(hass, form, **own_broker.address)
    await broker.settle()

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data == {
        "device_id": meter.device_id,
        **own_broker.address,
        "topic_prefix": "/",
    }
    assert not [topic for topic in broker.topics if meter.device_id in topic]
    await connected(entry)
    assert registered(hass, entry) == before
    assert entry.options == OPTIONS
    assert value_of(hass, meter, 1, "counter") == 2593.8054

    form = await choose_broker(hass, await entry.start_reconfigure_flow(hass))
    result = await listen(hass, form, topic_prefix="")
    await broker.settle()

    assert result["reason"] == "reconfigure_successful"
    assert entry.data == through_mqtt
    await own_broker.is_left()
    assert registered(hass, entry) == before
    assert entry.options == OPTIONS
    await broker.publish(meter.topic(1, "counter"), reading("2593806.400", "Wh"))
    assert value_of(hass, meter, 1, "counter") == 2593.8064


async def test_a_meter_gets_another_address(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = await set_up_directly(hass, meter, own_broker.address)

    form = await entry.start_reconfigure_flow(hass)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "direct")
    assert suggested(form) == own_broker.address
    moved = own_broker.address | {"port": own_broker.second_port}
    result = await listen(hass, form, **moved)
    await hass.async_block_till_done()

    assert result["reason"] == "reconfigure_successful"
    assert entry.data == {"device_id": meter.device_id, **moved, "topic_prefix": "/"}
    await connected(entry)


async def test_an_address_with_another_meter_can_be_put_right(
    hass: HomeAssistant, broker: Broker, own_broker: MetersBroker
) -> None:
    await own_broker.publish(flm02())
    entry = await set_up_and_read(hass, broker, flm03())
    before = dict(entry.data)
    form = await choose_direct(hass, entry)

    form = await listen(hass, form, **own_broker.address)
    assert form["errors"] == {"base": "others_there"}
    assert suggested(form) == own_broker.address
    assert entry.data == before

    await own_broker.publish(flm03())
    result = await listen(hass, form, **own_broker.address)
    await broker.settle()
    assert result["reason"] == "reconfigure_successful"
