"""A meter that the user adds by its address; every error can be put right in the same form."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
import socket
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.flukso.const import DOMAIN
from stack import Mosquitto
from stack.ports import LOOPBACK, free_port

from .broker import Broker
from .direct import MetersBroker, direct_entry
from .flows import listen
from .home import config_entry
from .meters import flm02, flm03, kubes_alone
from .transport.peer import full_port

TIMEOUT = "custom_components.flukso.transport.mqtt_connection.CONNECT_TIMEOUT"

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def open_form(hass: HomeAssistant) -> ConfigFlowResult:
    """Start to add a meter."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def assert_it_can_be_sent_again(
    hass: HomeAssistant, own_broker: MetersBroker, form: ConfigFlowResult
) -> None:
    """Whatever was wrong, the same form then finds the meter."""
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "direct")
    await own_broker.publish(flm03())

    form = await listen(hass, form, **own_broker.address)

    assert form["step_id"] == "confirm"


async def test_without_mqtt_the_address_is_asked_for_at_once(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    meter = flm03()
    await own_broker.publish(meter)

    form = await open_form(hass)
    assert form["step_id"] == "direct"
    form = await listen(hass, form, host=f" {LOOPBACK} ", port=own_broker.port)

    assert form["step_id"] == "confirm"
    assert form["description_placeholders"] is not None
    assert form["description_placeholders"]["model"] == "Fluksometer FLM03"
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        "device_id": meter.device_id,
        **own_broker.address,
        "topic_prefix": "/",
    }
    assert result["result"].unique_id == meter.device_id
    assert result["options"] == {"import_history": True}
    await hass.async_block_till_done()
    assert result["result"].runtime_data.transport.connected


async def test_the_past_of_a_meter_is_left_alone_if_the_user_does_not_want_it(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    await own_broker.publish(flm03())
    form = await listen(hass, await open_form(hass), **own_broker.address)

    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"import_history": False}
    )

    assert result["options"] == {}
    await hass.async_block_till_done()
    assert result["result"].runtime_data.import_log.imports == []


async def test_the_port_of_a_own_broker_is_filled_in(hass: HomeAssistant) -> None:
    form = await open_form(hass)

    assert form["data_schema"] is not None
    assert form["data_schema"]({"host": "flukso-f10300"}) == {"host": "flukso-f10300", "port": 1883}


async def test_with_mqtt_the_user_chooses_the_way(
    hass: HomeAssistant, broker: Broker, own_broker: MetersBroker
) -> None:
    menu = await open_form(hass)

    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["direct", "broker"]
    form = await listen(hass, menu, next_step_id="direct")
    await assert_it_can_be_sent_again(hass, own_broker, form)


async def test_several_meters_behind_an_address_are_offered_to_choose_from(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    config_entry(kubes_alone()).add_to_hass(hass)
    await own_broker.publish(flm02(), flm03(), kubes_alone())

    form = await listen(hass, await open_form(hass), **own_broker.address)

    assert form["step_id"] == "meter"
    assert form["data_schema"] is not None
    [selector] = form["data_schema"].schema.values()
    assert [option["label"] for option in selector.config["options"]] == [
        "Fluksometer FLM02 f10200",
        "Fluksometer FLM03 f10300",
    ]
    form = await listen(hass, form, device_id=flm02().device_id)
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    assert result["data"] == {
        "device_id": flm02().device_id,
        **own_broker.address,
        "topic_prefix": "/",
    }


async def test_a_meter_that_is_set_up_is_not_added_again(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    await own_broker.publish(flm02())
    direct_entry(flm02(), own_broker.address).add_to_hass(hass)

    form = await listen(hass, await open_form(hass), **own_broker.address)

    assert form["errors"] == {"base": "all_set_up"}
    await assert_it_can_be_sent_again(hass, own_broker, form)


@pytest.mark.parametrize("host", ["nowhere", "", "  "])
async def test_a_name_that_does_not_resolve_can_be_put_right(
    hass: HomeAssistant, own_broker: MetersBroker, host: str
) -> None:
    with patch("socket.getaddrinfo", side_effect=socket.gaierror):  # a test asks no name server
        form = await listen(hass, await open_form(hass), host=host, port=1883)

    assert form["errors"] == {"base": "cannot_resolve"}
    assert form["data_schema"] is not None
    suggested = [field.description["suggested_value"] for field in form["data_schema"].schema]
    assert suggested == [host, 1883]
    await assert_it_can_be_sent_again(hass, own_broker, form)


async def test_an_address_that_refuses_the_connection_can_be_put_right(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    form = await listen(hass, await open_form(hass), host=LOOPBACK, port=free_port())

    assert form["errors"] == {"base": "cannot_connect"}
    await assert_it_can_be_sent_again(hass, own_broker, form)


@asynccontextmanager
async def server(answer: bytes) -> AsyncGenerator[int]:
    """Something that is no broker, at a port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        await writer.drain()
        with suppress(ConnectionResetError):
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as listening:
        yield listening.sockets[0].getsockname()[1]


async def test_an_address_that_never_answers_can_be_put_right(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    async with server(b"") as port:
        with patch(TIMEOUT, 0.3):
            form = await listen(hass, await open_form(hass), host=LOOPBACK, port=port)

    assert form["errors"] == {"base": "no_answer"}
    await assert_it_can_be_sent_again(hass, own_broker, form)


async def test_an_address_that_drops_all_packets_can_be_put_right(
    hass: HomeAssistant, own_broker: MetersBroker, caplog: pytest.LogCaptureFixture
) -> None:
    form = await open_form(hass)
    with patch(TIMEOUT, 0.3), full_port() as port:
        form = await listen(hass, form, host=LOOPBACK, port=port)

    assert form["errors"] == {"base": "no_answer"}
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    await assert_it_can_be_sent_again(hass, own_broker, form)


async def test_an_address_without_a_broker_can_be_put_right(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    async with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        form = await listen(hass, await open_form(hass), host=LOOPBACK, port=port)

    assert form["errors"] == {"base": "not_a_broker"}
    await assert_it_can_be_sent_again(hass, own_broker, form)


@pytest.mark.parametrize(
    ("configuration", "error"),
    [
        ("allow_anonymous false", "password_required"),
        ("accept_protocol_versions 5", "wrong_mqtt_version"),
        ("", "nothing_there"),
    ],
)
async def test_another_broker_can_be_put_right(
    hass: HomeAssistant,
    own_broker: MetersBroker,
    tmp_path: Path,
    configuration: str,
    error: str,
) -> None:
    async with Mosquitto(tmp_path, extra=configuration, name="other") as other:
        form = await listen(hass, await open_form(hass), host=LOOPBACK, port=other.port)

    assert form["errors"] == {"base": error}
    await assert_it_can_be_sent_again(hass, own_broker, form)


async def test_a_meter_whose_firmware_publishes_no_configuration_is_told_of(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    await own_broker.send(flm02().readings(), retain=True)

    form = await listen(hass, await open_form(hass), **own_broker.address)

    assert form["errors"] == {"base": "only_readings_there"}
    assert form["description_placeholders"] == {"sensors": "13"}
    assert own_broker.connections == 1
    await assert_it_can_be_sent_again(hass, own_broker, form)


@pytest.mark.parametrize("port", [0, 65_536, "mqtt"])
async def test_a_port_that_does_not_exist_is_refused(hass: HomeAssistant, port: int | str) -> None:
    form = await open_form(hass)

    with pytest.raises(InvalidData):
        await listen(hass, form, host=LOOPBACK, port=port)


async def test_the_search_leaves_no_connection_open(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    form = await listen(hass, await open_form(hass), **own_broker.address)
    assert form["errors"] == {"base": "nothing_there"}

    await assert_it_can_be_sent_again(hass, own_broker, form)

    assert own_broker.connections == 2
    await own_broker.is_left()
