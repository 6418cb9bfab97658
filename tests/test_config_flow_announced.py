"""A meter that announces itself on the network, by mDNS or DHCP, from its card to its entry."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_IGNORE,
    SOURCE_ZEROCONF,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.discovery_flow import DiscoveryKey
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.flukso import meter_card
from custom_components.flukso.const import DOMAIN
from custom_components.flukso.transport import direct, discovery
from stack.ports import LOOPBACK, free_port

from .broker import Broker
from .direct import MetersBroker, announce, announced_service, direct_entry
from .flows import cards, discover, listen
from .meters import Meter, flm02, flm03, kubes_alone

DEFAULT_PORT = "custom_components.flukso.config_flow.DEFAULT_PORT"


@pytest.fixture
async def meter(own_broker: MetersBroker) -> Meter:
    """A meter that is on the network."""
    await own_broker.publish(flm03())
    return flm03()


async def test_a_meter_that_announces_itself_before_it_has_started_is_shown(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    with patch("custom_components.flukso.transport.discovery.START_TIME", 1):
        asking = asyncio.create_task(announce(hass, flm03(), own_broker.port))
        await own_broker.is_reached()
        await own_broker.is_left()
        await own_broker.publish(flm03())
        form = await asking

    assert form["step_id"] == "confirm"


async def test_a_meter_that_announces_its_broker_is_shown_and_added(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    form = await announce(hass, meter, own_broker.port)

    assert form["step_id"] == "confirm"
    assert form["description_placeholders"] == {
        "model": "Fluksometer FLM03",
        "id": "f10300",
        "sensors": "54",
        "ports": "main, solar, tap water, gas, heat pump, living room, attic",
    }
    [card] = cards(hass)
    assert card["context"]["title_placeholders"] == {"name": "Fluksometer f10300"}
    await own_broker.is_left()

    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()

    assert result["data"] == {
        "device_id": meter.device_id,
        **own_broker.address,
        "topic_prefix": "/",
    }
    assert result["result"].runtime_data.transport.connected


async def test_a_meter_that_announces_its_web_interface_is_asked_at_the_port_of_a_broker(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    with patch(DEFAULT_PORT, own_broker.port):
        form = await announce(hass, meter, 8080, service="_flukso._tcp.local.")

    assert form["step_id"] == "confirm"


@pytest.mark.parametrize("name", ["flukso-f10300", "flukso-f10300.lan"])
async def test_a_meter_that_asks_for_its_address_is_shown(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter, name: str
) -> None:
    info = DhcpServiceInfo(ip=LOOPBACK, hostname=name, macaddress="0123456789ab")
    with patch(DEFAULT_PORT, own_broker.port):
        form = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_DHCP}, data=info
        )

    assert form["step_id"] == "confirm"


@pytest.mark.parametrize(
    "name",
    [
        "MQTT Broker on flukso-",
        "MQTT Broker on flukso-f1030",
        "MQTT Broker on flukso-f103000",
        "MQTT Broker on flukso-kitchen",
        "MQTT Broker on notflukso-f10300",
        "MQTT Broker",
        "",
    ],
)
async def test_a_name_that_is_not_that_of_a_meter_is_not_asked(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter, name: str
) -> None:
    info = replace(announced_service(meter, own_broker.port), name=f"{name}._mqtt._tcp.local.")

    result = await start(hass, info)

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "invalid_discovery_info")
    assert own_broker.connections == 0


async def start(hass: HomeAssistant, info: ZeroconfServiceInfo) -> ConfigFlowResult:
    """Announce a service."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=info
    )


@pytest.mark.parametrize(
    "others",
    [[], [flm02()], [flm03(), replace(flm03(), device_id=flm03().device_id[:-1] + "1")]],
    ids=["nothing", "another meter", "two meters of the same digits"],
)
async def test_a_broker_without_the_announced_meter_shows_no_card(
    hass: HomeAssistant, own_broker: MetersBroker, others: list[Meter]
) -> None:
    await own_broker.publish(*others)

    result = await announce(hass, flm03(), own_broker.port)

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "invalid_discovery_info")
    await own_broker.is_left()


@pytest.mark.parametrize("port", [None, 0])
async def test_an_address_without_a_broker_shows_no_card(
    hass: HomeAssistant, socket_enabled: None, port: int | None
) -> None:
    with patch(DEFAULT_PORT, free_port()):
        result = await announce(hass, flm03(), port)

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "invalid_discovery_info")


async def test_a_meter_that_is_announced_in_every_way_at_once_has_one_card(
    hass: HomeAssistant, broker: Broker, own_broker: MetersBroker, meter: Meter
) -> None:
    dhcp = DhcpServiceInfo(ip=LOOPBACK, hostname="flukso-f10300", macaddress="0123456789ab")
    with patch(DEFAULT_PORT, own_broker.port):
        await asyncio.gather(
            announce(hass, meter, own_broker.port),
            announce(hass, meter, own_broker.second_port),
            announce(hass, meter, 8080, service="_flukso._tcp.local."),
            hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=dhcp),
            broker.publish_all(meter.reports, retain=True),
        )
        await hass.async_block_till_done(wait_background_tasks=True)
        assert len(cards(hass)) == 1
        before = own_broker.connections

        await announce(hass, meter, own_broker.port)
        await announce(hass, meter, own_broker.second_port)

    assert len(cards(hass)) == 1
    assert own_broker.connections == before


async def test_a_meter_with_a_card_from_home_assistants_broker_is_not_asked(
    hass: HomeAssistant, broker: Broker, own_broker: MetersBroker, meter: Meter
) -> None:
    await discover(hass, broker, meter)

    result = await announce(hass, meter, own_broker.port)

    assert result["reason"] == "already_in_progress"
    assert len(cards(hass)) == 1
    assert own_broker.connections == 0


async def test_a_second_meter_is_shown_beside_one_that_is_set_up(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    direct_entry(flm02(), own_broker.address).add_to_hass(hass)

    form = await announce(hass, meter, own_broker.port)

    assert form["step_id"] == "confirm"
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    assert result["title"] == "Fluksometer f10300"


async def test_a_meter_that_is_ignored_is_not_asked(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    ignored = {"unique_id": meter.device_id, "title": "Fluksometer"}
    await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_IGNORE}, data=ignored
    )

    result = await announce(hass, meter, own_broker.port)

    assert result["reason"] == "already_configured"
    assert own_broker.connections == 0


async def test_an_ignored_meter_can_be_added_by_hand(
    hass: HomeAssistant, own_broker: MetersBroker, meter: Meter
) -> None:
    ignored = {"unique_id": meter.device_id, "title": "Fluksometer"}
    await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_IGNORE}, data=ignored
    )

    form = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    form = await listen(hass, form, **own_broker.address)
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})

    assert hass.config_entries.async_entries(DOMAIN) == [result["result"]]
    key = DiscoveryKey(
        domain="zeroconf",
        key=("_mqtt._tcp.local.", announced_service(meter, 1883).name),
        version=1,
    )
    assert result["result"].discovery_keys == {"zeroconf": (key,)}


@asynccontextmanager
async def silent_server() -> AsyncGenerator[tuple[int, list[int]]]:
    """Something that takes connections and never answers; with how many are open at a time."""
    numbers = [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        numbers.append(numbers[-1] + 1)
        with suppress(ConnectionResetError):
            await reader.read()
        numbers.append(numbers[-1] - 1)
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as listening:
        yield listening.sockets[0].getsockname()[1], numbers


async def test_many_announcements_open_few_connections_at_a_time_and_none_twice(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    meters = [kubes_alone(0x1000 + number) for number in range(80)]
    async with silent_server() as (port, numbers):
        with patch(f"{direct.__name__.rpartition('.')[0]}.mqtt_connection.CONNECT_TIMEOUT", 0.2):
            results = await asyncio.gather(
                *(announce(hass, meter, port) for meter in (*meters, *meters))
            )

    assert {result["type"] for result in results} == {FlowResultType.ABORT}
    assert cards(hass) == []
    assert max(numbers) == 4
    made = sum(later > earlier for earlier, later in pairwise(numbers))
    assert made == 50


async def test_a_device_that_announces_ever_new_meters_gets_fifty_cards_at_most(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    meters = [kubes_alone(0x1000 + number) for number in range(54)]
    await own_broker.publish(*meters)

    async def announce_all(meters: list[Meter]) -> list[str | None]:
        results = await asyncio.gather(
            *(
                hass.config_entries.flow.async_init(DOMAIN, context={"source": source}, data=info)
                for number, meter in enumerate(meters)
                for source, info in [
                    (SOURCE_ZEROCONF, announced_service(meter, own_broker.port))
                    if number % 2
                    else (SOURCE_DHCP, DhcpServiceInfo(LOOPBACK, host_name(meter), "0123456789ab"))
                ]
            )
        )
        return [result.get("reason") for result in results]

    with patch(DEFAULT_PORT, own_broker.port), patch(f"{discovery.__name__}.QUIET_FOR", 0.05):
        assert await announce_all(meters[:45]) == [None] * 45
        assert await announce_all(meters[45:52]) == [None] * 5 + ["already_in_progress"] * 2
        before = own_broker.connections
        assert await announce_all(meters[52:]) == ["already_in_progress"] * 2

        assert len(cards(hass)) == 50
        assert own_broker.connections == before

        hass.config_entries.flow.async_abort(cards(hass)[0]["flow_id"])
        assert await announce_all(meters[52:53]) == [None]


def host_name(meter: Meter) -> str:
    """Under which a meter asks for its address."""
    return f"flukso-{meter.device_id[:6]}"


async def test_cards_of_a_flood_hide_neither_a_meter_that_moves_nor_one_on_home_assistants_broker(
    hass: HomeAssistant, broker: Broker, own_broker: MetersBroker, meter: Meter
) -> None:
    entry = direct_entry(meter, {"host": LOOPBACK, "port": free_port()})
    entry.add_to_hass(hass)
    await own_broker.publish(kubes_alone(0x1000))
    with patch(f"{meter_card.__name__}.MAX_ANNOUNCED", 1):
        await announce(hass, kubes_alone(0x1000), own_broker.port)

        await announce(hass, meter, own_broker.port)
        await discover(hass, broker, flm02())

    assert entry.data["port"] == own_broker.port
    assert len(cards(hass)) == 2
