"""The repair of a meter that is not reachable any more: its address can be changed there."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flukso.const import DOMAIN
from stack.ports import LOOPBACK, free_port

from .direct import MetersBroker, connected, set_up_directly
from .meters import Meter, three_clamps


@pytest.fixture
async def meter(own_broker: MetersBroker) -> Meter:
    """A meter that is on the network."""
    await own_broker.publish(three_clamps())
    return three_clamps()


@pytest.fixture
async def entry(hass: HomeAssistant, own_broker: MetersBroker, meter: Meter) -> MockConfigEntry:
    """The meter, connected to directly."""
    entry = await set_up_directly(hass, meter, own_broker.address)
    await connected(entry)
    return entry


class Repair:
    """The dialog of the one issue."""

    def __init__(self, hass: HomeAssistant, client: Any) -> None:
        self._hass = hass
        self._client = client
        self._flow_id = ""

    async def open(self) -> dict[str, Any]:
        """Open the dialog."""
        issue_id = next(iter(ir.async_get(self._hass).issues))[1]
        return await self._post("", {"handler": DOMAIN, "issue_id": issue_id})

    async def submit(self, address: dict[str, Any]) -> dict[str, Any]:
        """Send an address."""
        return await self._post(f"/{self._flow_id}", address)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(f"/api/repairs/issues/fix{path}", json=body)
        result: dict[str, Any] = await answer.json()
        self._flow_id = result["flow_id"]
        return result


@pytest.fixture
async def repair(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    own_broker: MetersBroker,
    *,
    entry: MockConfigEntry,
) -> Repair:
    """The dialog of a meter that is lost."""
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    await own_broker.stop()
    await connected(entry, is_connected=False)
    with patch("custom_components.flukso.health.monitor.SOON", 0):
        async_fire_time_changed(hass, utcnow() + timedelta(minutes=1))
        await hass.async_block_till_done()
    return Repair(hass, client)


async def test_the_repair_takes_the_new_address_of_the_meter(
    hass: HomeAssistant,
    own_broker: MetersBroker,
    meter: Meter,
    entry: MockConfigEntry,
    *,
    repair: Repair,
) -> None:
    form = await repair.open()
    assert (form["type"], form["step_id"]) == ("form", "address")
    assert form["description_placeholders"] == {"name": "Fluksometer", "host": LOOPBACK}
    fields = {field["name"]: field["description"] for field in form["data_schema"]}
    assert fields == {
        "host": {"suggested_value": LOOPBACK},
        "port": {"suggested_value": own_broker.port},
    }

    form = await repair.submit({"host": LOOPBACK, "port": free_port()})
    assert form["errors"] == {"base": "cannot_connect"}

    await own_broker.start()
    form = await repair.submit({"host": LOOPBACK, "port": own_broker.second_port})
    assert form["errors"] == {"base": "nothing_there"}

    await own_broker.publish(three_clamps(0xABCD))
    form = await repair.submit({"host": LOOPBACK, "port": own_broker.second_port})
    assert form["errors"] == {"base": "others_there"}

    await own_broker.publish(meter)
    result = await repair.submit({"host": LOOPBACK, "port": own_broker.second_port})
    await hass.async_block_till_done()

    assert result["type"] == "create_entry"
    assert ir.async_get(hass).issues == {}
    assert entry.data["port"] == own_broker.second_port
    await connected(entry)


async def test_the_repair_ends_if_the_meter_is_no_longer_connected_to_directly(
    hass: HomeAssistant, meter: Meter, entry: MockConfigEntry, repair: Repair
) -> None:
    through_mqtt = {"device_id": meter.device_id, "topic_prefix": "/"}
    hass.config_entries.async_update_entry(entry, data=through_mqtt)

    result = await repair.open()

    assert (result["type"], result["reason"]) == ("abort", "not_direct")
