"""What a real meter sent, played through a real mosquitto into a real Home Assistant."""

import json
import time

from paho.mqtt.publish import multiple
import pytest

from stack import HomeAssistant, Mosquitto, eventually
from stack.client import Json

from .capture import CAPTURED

_DEVICE = "0123456789abcdef0123456789abcdef"
_PORTS = {
    "2": {"class": "ct", "enable": 1, "name": "main", "current": 50},
    "3": {"class": "ct", "enable": 1, "name": "main", "current": 50},
    "4": {"class": "pulse", "enable": 1, "name": "pulses", "constant": 0.1},
}
#: From the units in which Home Assistant shows the readings to those of the meter.
_FACTORS = {"kWh": 1000, "kvarh": 1000, "%": 0.01}


def _sensors() -> dict[str, dict[str, object]]:
    """The slots of the captured sensors, as config/sensor lists them."""
    sensors = {sensor_id: (port, subtype) for port, subtype, sensor_id, _, _ in CAPTURED}
    counters = {sensor_id for _, _, sensor_id, kind, _ in CAPTURED if kind == "counter"}
    return {
        str(slot): {
            "id": sensor_id,
            "enable": 1,
            "type": "electricity",
            "subtype": subtype,
            "data_type": "counter" if sensor_id in counters else "gauge",
            "port": [port],
            "rid": 0,
        }
        for slot, (sensor_id, (port, subtype)) in enumerate(sensors.items(), 1)
    }


def _now(payload: str) -> str:
    """The captured payload with the present second: an old reading is no news."""
    return f"[{int(time.time())}{payload[payload.index(',') :]}"


def _publish(broker: Mosquitto, messages: dict[str, str] | list[tuple[str, str]]) -> None:
    retain = isinstance(messages, dict)
    pairs = messages.items() if isinstance(messages, dict) else messages
    multiple([(topic, payload, 0, retain) for topic, payload in pairs], port=broker.port)


async def _shown(home: HomeAssistant) -> dict[str, float | None]:
    """The state of every entity of the meter by its topic, in the meter's unit."""
    states = await home.client.states()
    shown: dict[str, float | None] = {}
    for entity in await home.client.entities("flukso"):
        _, sensor_id, kind = (*entity["unique_id"].split("_"), "")[:3]
        if kind not in ("gauge", "counter"):
            continue
        state = states.get(entity["entity_id"])
        if state is None or state["state"] in ("unknown", "unavailable"):
            shown[f"{sensor_id}/{kind}"] = None
        else:
            factor = _FACTORS.get(state["attributes"].get("unit_of_measurement"), 1)
            shown[f"{sensor_id}/{kind}"] = float(state["state"]) * factor
    return shown


@pytest.mark.long
async def test_each_captured_sensor_shows_its_last_captured_reading(
    mosquitto: Mosquitto, home: HomeAssistant
) -> None:
    client = home.client
    readings = [(f"{sensor}/{kind}", payload) for _, _, sensor, kind, payload in CAPTURED]
    expected = {name: pytest.approx(json.loads(payload)[1]) for name, payload in readings}
    _publish(
        mosquitto,
        {
            f"/device/{_DEVICE}/config/sensor": json.dumps(_sensors()),
            f"/device/{_DEVICE}/config/flx": json.dumps(_PORTS),
        },
    )
    [flow] = await client.discovered("flukso")
    entry = await client.confirm(flow["flow_id"])

    async def registered() -> list[Json]:
        entities = await client.entities("flukso")
        return entities if len(entities) >= len(expected) else []

    for entity in await eventually(registered, "the entities"):
        if entity["disabled_by"] is not None:
            await client.update_entity(entity["entity_id"], disabled_by=None)
    await client.set_options(entry["entry_id"], {"power_interval": 0, "other_interval": 0})
    await client.reload_entry(entry["entry_id"])

    seen: list[dict[str, float | None]] = []

    async def as_captured() -> bool:
        _publish(mosquitto, [(f"/sensor/{name}", _now(payload)) for name, payload in readings])
        shown = await _shown(home)
        seen[:] = [{name: shown.get(name) for name in expected}]
        return seen == [expected]

    try:
        await eventually(as_captured, "the captured readings", within=20)
    except TimeoutError:
        assert seen == [expected]
