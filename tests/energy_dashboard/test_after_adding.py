"""The step that follows on adding a meter."""

import asyncio
from unittest.mock import patch

from homeassistant.config_entries import ConfigFlowResult, FlowType
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.flukso.energy_dashboard.readiness import async_wait_until_ready

from ..broker import Broker
from ..flows import confirm_silent, listen, start_by_hand
from ..home import set_up_and_read
from ..meters import Meter, flm02, flm03, kubes_alone
from .dashboard import add, offered, preferences, suggested

_WITHIN = "custom_components.flukso.energy_dashboard.readiness.WITHIN"


async def follow(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Return the form that follows, as the frontend asks for it."""
    kind, flow_id = result["next_flow"]
    assert kind is FlowType.OPTIONS_FLOW
    return await hass.config_entries.options.async_configure(flow_id)


async def test_what_can_be_added_follows_on_adding_a_meter(
    hass: HomeAssistant, broker: Broker
) -> None:
    meter = flm02()
    await broker.publish_all(meter.reports, retain=True)

    result = await confirm_silent(hass, broker, await listen(hass, await start_by_hand(hass)))
    form = await follow(hass, result)
    await add(hass, form)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    names = [source["name"] for source in (await preferences(hass, meter))["sources"]]
    assert names == ["Grid", "Gas", "Water"]


async def test_a_frontend_that_begins_anew_gets_the_same_form_once(
    hass: HomeAssistant, broker: Broker
) -> None:
    await broker.publish_all(flm02().reports, retain=True)
    result = await confirm_silent(hass, broker, await listen(hass, await start_by_hand(hass)))
    entry_id = result["result"].entry_id
    options = hass.config_entries.options

    form = await options.async_init(entry_id)
    later = await options.async_init(entry_id)

    assert form["step_id"] == "energy"
    assert later["type"] is FlowResultType.MENU
    waiting = [flow["flow_id"] for flow in options.async_progress()]
    assert waiting == [form["flow_id"], later["flow_id"]]


async def test_it_waits_until_the_entities_are_added(hass: HomeAssistant, broker: Broker) -> None:
    meter = flm02()
    adding = await start_adding(hass, broker, meter)
    await broker.settle()
    for topic, payload in meter.reports.items():
        broker.send(topic, payload)

    form = await follow(hass, await adding)

    assert list(offered(form)) == ["grid", "solar", "gas", "water", "devices"]


async def start_adding(
    hass: HomeAssistant, broker: Broker, meter: Meter
) -> asyncio.Task[ConfigFlowResult]:
    """Confirm a meter whose configuration then takes its time to arrive."""
    await broker.publish_all(meter.reports, retain=True)
    form = await listen(hass, await start_by_hand(hass))
    broker.retained.clear()
    return asyncio.create_task(hass.config_entries.flow.async_configure(form["flow_id"], {}))


async def test_it_waits_for_the_entities_and_for_what_clamps_have_counted(
    hass: HomeAssistant, broker: Broker
) -> None:
    adding = await start_adding(hass, broker, flm03())
    await broker.settle()
    assert not adding.done()
    await broker.publish_all(flm03().reports)
    assert not adding.done()
    await broker.publish_all(flm03().readings())

    form = await follow(hass, await adding)

    assert len(offered(form)["grid"]) == 4
    assert len(suggested(form)["water"]) == 1


async def test_a_silent_meter_is_added_after_some_seconds_with_nothing_to_follow(
    hass: HomeAssistant, broker: Broker
) -> None:
    with patch(_WITHIN, 0.01):
        result = await (await start_adding(hass, broker, flm03()))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert "next_flow" not in result


async def test_nothing_follows_on_a_meter_that_has_nothing_for_the_dashboard(
    hass: HomeAssistant, broker: Broker
) -> None:
    await broker.publish_all(kubes_alone().reports, retain=True)

    result = await confirm_silent(hass, broker, await listen(hass, await start_by_hand(hass)))

    assert "next_flow" not in result


async def test_it_waits_for_entities_that_are_being_added(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up_and_read(hass, broker, flm02())
    added = asyncio.Event()
    task = asyncio.create_task(_until(added))
    entry.runtime_data.updates.add(task)
    task.add_done_callback(entry.runtime_data.updates.discard)

    waiting = asyncio.create_task(async_wait_until_ready(entry))
    await broker.settle()
    assert not waiting.done()
    added.set()

    await waiting


async def _until(event: asyncio.Event) -> None:
    await event.wait()
