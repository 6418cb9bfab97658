"""`scripts/replay FILE`: play recorded messages to Home Assistant, and print what it shows."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
import sys
import tempfile
from threading import Event
import time

from demo.live import rows, table
from record import Recorded, read
from simulator.player import play
from stack import Clock, HomeAssistant, Mosquitto, ProcessError, find_faketime
from stack.client import Client, Json
from stack.ports import LOOPBACK

from .made_up import configuration_in, configuration_of
from .playback import Playback, recorded_at

_DOMAIN = "flukso"
#: For Home Assistant to start, several times longer with a clock of its own; to add entities (s).
_PATIENCE = 300
_ENTITIES_WITHIN = 10
#: How long before the recording Home Assistant starts, by its clock (s).
_STARTS_BEFORE = 600

_EPILOG = """\
The file is what `scripts/record` wrote, or was written by hand (docs/recording.md). Without a
configuration in it and without --config, one is made up: an FLM02 whose sensors fit the units."""


def main(arguments: Sequence[str]) -> int:
    """Play a file, and return the exit code."""
    options = _parse(arguments)
    try:
        messages = list(read(options.file))
        with tempfile.TemporaryDirectory(prefix="replay-") as folder:
            asyncio.run(_replay(options, messages, Path(folder)))
    except (OSError, ValueError, ProcessError) as error:
        print(f"replay: {error}", file=sys.stderr)
        return 1
    return 0


async def _replay(options: argparse.Namespace, messages: list[Recorded], folder: Path) -> None:
    clock = _clock(messages, options.wait, folder)
    config = configuration_in(options.config) or configuration_of(messages, options.source)
    playback = Playback(messages, config, clock, options.wait)
    home = HomeAssistant(folder)
    if clock is not None:
        home.environment.update(clock.environment)
    _say("starting a broker and Home Assistant")
    async with Mosquitto(folder) as broker:
        try:
            await home.start(_PATIENCE)
            await home.client.add_mqtt(broker.port)
            stop = Event()
            playing = asyncio.create_task(
                asyncio.to_thread(play, [playback], LOOPBACK, broker.meter_port, stop=stop)
            )
            try:
                await _add_meters(home.client)
                await _print_states(home.client, playback, options.then)
            finally:
                stop.set()
                await playing
            await _print_end(home)
        finally:
            await home.stop()


def _clock(messages: list[Recorded], longest_wait: float, folder: Path) -> Clock | None:
    """Return a clock for Home Assistant if it can't use the true time.

    Raises:
        ValueError: there is no libfaketime on this machine.
    """
    began = recorded_at(messages)
    times = [message.after for message in messages]
    has_gaps = any(later - earlier > longest_wait for earlier, later in pairwise(times))
    if began is None and not has_gaps:
        return None
    library = find_faketime()
    if library is None:
        raise ValueError("install libfaketime to play at another time or to skip long waits")
    clock = Clock(library, folder)
    if began is not None:
        clock.set(round(began - time.time()) - _STARTS_BEFORE)
    return clock


async def _add_meters(client: Client) -> None:
    for flow in await client.discovered(_DOMAIN, within=60):
        await client.confirm(flow["flow_id"])
    await asyncio.sleep(_ENTITIES_WITHIN)


async def _print_states(client: Client, playback: Playback, then: float) -> None:
    """Start to play, and print each change of a state until some time after the end."""
    ours = {entity["entity_id"] for entity in await client.entities(_DOMAIN)}
    async with client.websocket.events("state_changed") as changes:
        _say("playing; seconds of the recording, entity, state")
        playback.start()
        left = then
        while left > 0:
            if playback.ended.is_set():
                left -= 1
            await asyncio.sleep(1)
            while not changes.empty():
                _print_change(changes.get_nowait()["data"], ours, playback.began or 0)


def _print_change(change: Json, ours: set[str], began: float) -> None:
    old, new = change["old_state"], change["new_state"]
    if change["entity_id"] in ours and new and (not old or old["state"] != new["state"]):
        after = datetime.fromisoformat(new["last_updated"]).timestamp() - began
        has_value = new["state"] not in ("unknown", "unavailable")
        unit = new["attributes"].get("unit_of_measurement", "") if has_value else ""
        print(f"{after:+12.0f}  {change['entity_id']}  {new['state']} {unit}".rstrip(), flush=True)


async def _print_end(home: HomeAssistant) -> None:
    """Print all states, the repairs, and what the integration logged."""
    client = home.client
    entities, devices = await client.entities(_DOMAIN), await client.devices()
    _say("the states at the end")
    print(table(rows(entities, devices, await client.states())))
    for issue in await client.issues(_DOMAIN):
        _say(f"repair: {issue['translation_key']} {issue['translation_placeholders'] or ''}")
    for line in home.log.read_text(errors="replace").splitlines():
        if f"[custom_components.{_DOMAIN}" in line and " INFO " not in line:
            _say(f"log: {line}")


def _say(what: str) -> None:
    print(f"replay: {what}", flush=True)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/replay", description=__doc__, epilog=_EPILOG)
    add = parser.add_argument
    add("file", type=Path, metavar="FILE")
    add(
        "--config",
        type=Path,
        nargs="+",
        default=[],
        metavar="JSON",
        help="the configuration: files whose names contain config_sensor, config_flx, config_kube",
    )
    add(
        "--class",
        dest="source",
        choices=("pulse", "analog", "cosem"),
        default="pulse",
        help="of the sensors in a configuration that is made up; default: pulse",
    )
    add(
        "--wait",
        type=float,
        default=15,
        metavar="SECONDS",
        help="skip longer waits between two messages; default: 15",
    )
    add(
        "--then",
        type=float,
        default=40,
        metavar="SECONDS",
        help="how long to watch after the last message; default: 40",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
