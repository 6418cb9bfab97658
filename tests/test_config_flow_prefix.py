"""A meter behind a topic prefix that the user does not know is searched for and offered."""

from dataclasses import replace

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
import pytest

from .broker import Broker
from .flows import confirm_silent, listen, start_by_hand
from .home import set_up, value_of
from .meters import flm02, flm03


def offered(form: ConfigFlowResult) -> list[str]:
    """The meters to choose from."""
    assert form["step_id"] == "meter"
    assert form["data_schema"] is not None
    [selector] = form["data_schema"].schema.values()
    return [option["label"] for option in selector.config["options"]]


PREFIXES = {
    "one level": "home/",
    "two levels": "home/flukso/",
    "one level and the slash of the meter": "home//",
    "two levels and the slash of the meter": "home/flukso//",
    "a slash and one level": "/home/",
}


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
async def test_a_meter_behind_a_prefix_is_offered_though_none_was_entered(
    hass: HomeAssistant, broker: Broker, prefix: str
) -> None:
    meter = replace(flm03(), prefix=prefix)
    await broker.publish_all(meter.reports, retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert offered(form) == [f"Fluksometer FLM03 f10300 ({prefix}device/…)"]
    form = await listen(hass, form, device_id=meter.device_id)
    result = await confirm_silent(hass, broker, form)
    assert result["data"] == {"device_id": meter.device_id, "topic_prefix": prefix}
    await broker.publish_all(meter.readings())
    assert value_of(hass, meter, 1, "gauge") == 1278.5


async def test_several_meters_behind_prefixes_are_offered_with_them(
    hass: HomeAssistant, broker: Broker
) -> None:
    for meter in (replace(flm03(), prefix="cellar/"), replace(flm02(), prefix="home/attic/")):
        await broker.publish_all(meter.reports, retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert offered(form) == [
        "Fluksometer FLM02 f10200 (home/attic/device/…)",
        "Fluksometer FLM03 f10300 (cellar/device/…)",
    ]


async def test_a_meter_behind_two_prefixes_is_offered_behind_the_shorter_one(
    hass: HomeAssistant, broker: Broker
) -> None:
    for prefix in ("home/flukso/", "home/"):
        await broker.publish_all(replace(flm03(), prefix=prefix).reports, retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert offered(form) == ["Fluksometer FLM03 f10300 (home/device/…)"]


async def test_no_other_prefix_is_searched_while_a_meter_has_none(
    hass: HomeAssistant, broker: Broker
) -> None:
    await broker.publish_all(flm03().reports, retain=True)
    await broker.publish_all(replace(flm02(), prefix="home/").reports, retain=True)

    form = await listen(hass, await start_by_hand(hass))

    result = await confirm_silent(hass, broker, form)
    assert result["data"] == {"device_id": flm03().device_id, "topic_prefix": "/"}


async def test_only_configuration_is_searched_and_nothing_stays_subscribed_to(
    hass: HomeAssistant, broker: Broker
) -> None:
    await broker.publish_all(replace(flm03(), prefix="home/").reports, retain=True)
    form = await start_by_hand(hass)
    before, asked = set(broker.topics), set(broker.asked)

    form = await listen(hass, form)

    assert form["step_id"] == "meter"
    await broker.settle_all()
    assert broker.topics == before
    assert all(topic.endswith("device/+/config/+") for topic in broker.asked - asked)


async def test_what_is_no_meter_behind_a_prefix_is_not_offered(
    hass: HomeAssistant, broker: Broker
) -> None:
    device_id = flm03().device_id
    [(topic, payload)] = dict([flm03().sensor_report]).items()
    for prefix in (f"{200 * 'x'}/", "ho\x7fme/", " home/"):
        await broker.publish(prefix + topic.removeprefix("/"), payload, retain=True)
    await broker.publish("home/device/kitchen/config/sensor", payload, retain=True)
    await broker.publish(f"home/device/{device_id}/config/other", payload, retain=True)
    await broker.publish(f"home/device/{device_id}/config/sensor", "nothing", retain=True)

    form = await listen(hass, await start_by_hand(hass))

    assert form["errors"] == {"base": "nothing_heard"}


async def test_a_meter_that_is_set_up_is_found_behind_its_new_prefix_when_reconfigured(
    hass: HomeAssistant, broker: Broker
) -> None:
    entry = await set_up(hass, broker, flm03())
    broker.retained.clear()
    await broker.publish_all(replace(flm03(), prefix="home/").reports, retain=True)

    form = await entry.start_reconfigure_flow(hass)
    form = await listen(hass, form, next_step_id="broker")
    result = await listen(hass, form, topic_prefix="")
    await broker.settle()

    assert result["reason"] == "reconfigure_successful"
    assert entry.data["topic_prefix"] == "home/"
