"""The whole way of a reading: a meter, its own broker, Home Assistant, and maybe a bridge."""

import asyncio
from collections.abc import AsyncGenerator
import contextlib
from dataclasses import dataclass
from pathlib import Path
import sys
import textwrap
from threading import Event
import time

from paho.mqtt import client as mqtt, publish
from paho.mqtt.enums import CallbackAPIVersion

from stack import HomeAssistant, Mosquitto, Process, eventually
from stack.client import Json
from stack.ports import LOOPBACK

from . import meter
from .meter import Truth

CHECKOUT = Path(__file__).resolve().parents[2]
#: Home Assistant shows a reading within so many seconds of the meter's sending it.
_FRESH = 5
#: Home Assistant shows these in thousands of what the meter counts.
_THOUSANDS = ("kWh", "kvarh", "m³")


def bridge(port: int) -> str:
    """The lines that the README tells users to add to their broker, with a meter's address."""
    section = (CHECKOUT / "README.md").read_text().partition("\n## The bridge\n")[2]
    lines = textwrap.dedent(section.split("```")[1]).strip()
    return lines.replace("<address of the Fluksometer>:1883", f"{LOOPBACK}:{port}")


@dataclass
class Stage:
    """What runs, and what the meter really counted.

    Home Assistant uses ``broker``: another one behind the bridge, or the meter's own.
    """

    folder: Path
    born: int
    meters_broker: Mosquitto
    broker: Mosquitto
    meter: Process
    home: HomeAssistant
    truth: Truth

    async def switch_on(self) -> None:
        """Start the meter, and wait until it says what it counts, after its configuration."""
        await self.meter.start()
        await asyncio.to_thread(_hear, self.meters_broker.port)

    async def switch_off(self) -> None:
        """Let the meter end as it wants to."""
        await self.meter.stop()

    async def set_clock(self, ahead: int) -> None:
        """Start the meter anew with a clock that is that many seconds ahead."""
        await self.switch_off()
        self.meter = _meter(self.folder, self.meters_broker.port, self.born, ahead)
        await self.switch_on()

    def rename(self, port: int, name: str) -> None:
        """Rename a port of the meter, as on its own pages."""
        changed, _ = meter.switched_on(self.born)
        for message in changed.rename(port, name):
            publish.single(
                message.topic,
                message.payload,
                retain=message.retain,
                hostname=LOOPBACK,
                port=self.meters_broker.port,
            )

    def broker_with(self, lines: str) -> Mosquitto:
        """Another broker in the place of Home Assistant's, not started, with other lines."""
        return Mosquitto(self.folder, port=self.broker.port, extra=lines)

    async def counters(self) -> dict[str, Json]:
        """The state of each counter by its sensor id."""
        states = await self.home.client.states()
        return {
            sensor_id: states[entity["entity_id"]]
            for entity in await self.home.client.entities("flukso")
            for _, sensor_id, kind in [(*entity["unique_id"].split("_"), "", "")[:3]]
            if kind == "counter" and entity["entity_id"].startswith("sensor.")
            if entity["entity_id"] in states
        }

    async def netted(self) -> tuple[str, str]:
        """The entity ids of the energy that all phases together took and gave back."""
        ids = {
            entity["translation_key"]: entity["entity_id"]
            for entity in await self.home.client.entities("flukso")
        }
        return ids["supply_netted_energy_import"], ids["supply_netted_energy_export"]

    async def off(self) -> float:
        """How far all phases' energy is from what the meter's counters tell, in Wh.

        It began at another value, and so this is a constant, if nothing is lost or doubled.
        """
        netted = await self.netted()

        async def known() -> tuple[float, float, float] | None:
            states, second = await self.home.client.states(), time.time() - 1
            imported, exported = (states[each]["state"] for each in netted)
            if "unknown" in (imported, exported):
                return None
            return float(imported), float(exported), second

        imported, exported, second = await eventually(known, "the netted energies")
        return (imported - exported) * 1000 - self.truth.net(second)

    async def wrong(self, since: float) -> list[str]:
        """What is not as it should be: lost entities, counters that don't tell what they count."""
        states = await self.home.client.states()
        wrong = [
            entity["entity_id"]
            for entity in await self.home.client.entities("flukso")
            if entity["disabled_by"] is None
            and states.get(entity["entity_id"], {}).get("state", "unavailable") == "unavailable"
        ]
        shown, now = await self.counters(), time.time()
        before, after = self.truth.at(max(since, now - _FRESH)), self.truth.at(now + 1)
        wrong += [f"{sensor_id} is not there" for sensor_id in self.truth.of_clamps - shown.keys()]
        for sensor_id, state in shown.items():
            if state["state"] == "unknown" and sensor_id not in self.truth.of_clamps:
                continue
            value = in_units_of_the_meter(state)
            if value is None or not before[sensor_id] <= value <= after[sensor_id]:
                told = f"{before[sensor_id]} to {after[sensor_id]}"
                wrong.append(f"{state['entity_id']} is {state['state']}, not {told}")
        return wrong

    async def live(self, within: float = 60) -> None:
        """Wait until all is live: no entity is lost, each counter tells what it counts from now."""
        since, wrong = time.time() + 1, [""]

        async def right() -> bool:
            wrong[:] = await self.wrong(since)
            return not wrong

        try:
            await eventually(right, "all to be live", within)
        except TimeoutError as error:
            raise AssertionError(f"{error}: {wrong}") from None


def in_units_of_the_meter(state: Json) -> float | None:
    """A counter's state as the meter counts, in thousandths at the finest."""
    if state["state"] in ("unknown", "unavailable"):
        return None
    shown_in = state["attributes"]["unit_of_measurement"]
    return round(float(state["state"]) * (1000 if shown_in in _THOUSANDS else 1), 3)


def _hear(port: int) -> None:
    """Wait until a reading is published to a broker, beside those that it has retained."""
    heard = Event()

    def receive(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if not message.retain:
            heard.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = receive
    client.connect(LOOPBACK, port)
    client.subscribe("/sensor/#")
    client.loop_start()
    assert heard.wait(60), "the meter says nothing"
    client.disconnect()
    client.loop_stop()


def _meter(folder: Path, *arguments: int) -> Process:
    return Process(
        "the meter",
        [sys.executable, "-m", meter.__name__, *map(str, arguments)],
        folder / "meter.log",
        folder=CHECKOUT,
    )


@contextlib.asynccontextmanager
async def set_up(folder: Path, *, bridged: bool = True) -> AsyncGenerator[Stage]:
    """Set the whole stage up as a user would, and have all written every second.

    Args:
        folder: the folder of all files.
        bridged: whether Home Assistant has a broker of its own, or connects to the meter's.
    """
    born = int(time.time())
    async with contextlib.AsyncExitStack() as parts:
        meters_broker = Mosquitto(
            folder, name="meters-mosquitto", extra="accept_protocol_versions 3, 4"
        )
        await parts.enter_async_context(meters_broker)
        broker = meters_broker
        if bridged:
            broker = Mosquitto(folder, extra=bridge(meters_broker.port))
            await parts.enter_async_context(broker)
        playing = _meter(folder, meters_broker.port, born, 0)
        await playing.start()
        home = HomeAssistant(folder)
        stage = Stage(folder, born, meters_broker, broker, playing, home, Truth(born))
        parts.push_async_callback(stage.switch_off)
        await parts.enter_async_context(home)
        if bridged:
            await home.client.add_mqtt(broker.port)
            [card] = await home.client.discovered("flukso")
            entry = await home.client.confirm(card["flow_id"])
        else:
            entry = await home.client.add_directly("flukso", broker.port)
        intervals = {"power_interval": 1, "other_interval": 1}
        await home.client.set_options(entry["entry_id"], intervals)
        yield stage
