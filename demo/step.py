"""A load that is switched on behind the simulated meter, and when Home Assistant shows it."""

import asyncio
from datetime import datetime
import json
from math import inf
import os
import time

from paho.mqtt.client import Client as Subscriber, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from stack.client import Client
from stack.ports import LOOPBACK

from .meter import LOAD, SWITCH
from .stage import DOMAIN, SimulatedMeter

#: What shows the load.
_ENTITY = "sensor.fluksometer_l1_active_power_import"
#: The other loads may have changed as well by so much (W).
_SLACK = 500
#: The meter sends the next reading within a second; how long to wait for the state after it (s).
_WITHIN = 10


async def seconds_until_shown(client: Client, meter: SimulatedMeter) -> float:
    """Switch the load on, and return the time from the meter's message until its state.

    It is switched off again.

    Raises:
        TimeoutError: there was no such message or state.
    """
    loop = asyncio.get_running_loop()
    sent: asyncio.Future[float] = loop.create_future()
    least = float((await client.states())[_ENTITY]["state"]) + LOAD - _SLACK

    def note(value: float, at: float) -> None:
        if value >= least and not sent.done():
            sent.set_result(at)

    def received(_subscriber: Subscriber, _userdata: object, message: MQTTMessage) -> None:
        loop.call_soon_threadsafe(note, json.loads(message.payload)[1], time.time())

    subscriber = Subscriber(CallbackAPIVersion.VERSION2)
    subscriber.on_message = received
    subscriber.connect(LOOPBACK, meter.port)
    subscriber.subscribe(await _topic(client))
    subscriber.loop_start()
    async with client.websocket.events("state_changed") as events, asyncio.timeout(_WITHIN):
        try:
            _switch(meter)
            shown = -inf
            while shown < least:
                changed = (await events.get())["data"]
                if changed["entity_id"] == _ENTITY:
                    shown = float(changed["new_state"]["state"])
            at = datetime.fromisoformat(changed["new_state"]["last_updated"]).timestamp()
            return at - await sent
        finally:
            _switch(meter)
            subscriber.disconnect()
            subscriber.loop_stop()


async def _topic(client: Client) -> str:
    """Return the topic of the entity."""
    [unique_id] = [
        entity["unique_id"]
        for entity in await client.entities(DOMAIN)
        if entity["entity_id"] == _ENTITY
    ]
    _, sensor_id, kind = unique_id.split("_")
    return f"/sensor/{sensor_id}/{kind}"


def _switch(meter: SimulatedMeter) -> None:
    """Switch the load on, or off again."""
    if (pid := meter.process.pid) is not None:
        os.kill(pid, SWITCH)
