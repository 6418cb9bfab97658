"""`scripts/demo`: run a demo of the integration, or check that it works."""

import argparse
import asyncio
from collections.abc import Iterator
import contextlib
import fcntl
from functools import partial
import os
from pathlib import Path
import shutil
import signal
import sys
import webbrowser

from stack import (
    ApiError,
    CommandError,
    FlowError,
    HomeAssistant,
    ProcessError,
    eventually,
    free_port,
)

from .arguments import parse
from .live import table, until_live
from .meter import LOAD
from .stage import CHECKOUT, DASHBOARD, DOMAIN, BrokerError, Stage, add_meters, say, stage, watch
from .statistics import Past, at_ease, fill, go_on, set_up_energy
from .step import seconds_until_shown

_FOLDER = CHECKOUT / ".demo"

#: So long after the meter's message a change has to be shown (s).
SHOWN_WITHIN = 2


async def main(options: argparse.Namespace) -> int:
    """Run the demo and return the exit code."""
    _end_on_signals()
    port = free_port(options.port)
    async with stage(_FOLDER, port, options.broker, bridge=options.bridge) as running:
        meters = await add_meters(running, 60)
        if not meters:
            say("no Fluksometer was found within a minute (see the README about the bridge)")
        if options.check:
            return await check(running) if meters else 1
        meanwhile: set[asyncio.Task[None]] = set()
        if meters and not options.broker:
            home = running.home
            written = await furnish(home)
            meanwhile.add(asyncio.create_task(go_on(home.client, written, home.database)))
        show(running.home, f"/{DASHBOARD}")
        await watch(running)
    return 0


async def check(running: Stage) -> int:
    """Wait until all enabled entities have a value, print them, and name those without.

    Of the simulated meter, a load that is switched on must also be shown in time.
    """
    say("waiting until all enabled entities have a value")
    seen = await until_live(running.home.client, DOMAIN, 90)
    print(table(seen))
    missing = [row.entity_id for row in seen if not row.live]
    if missing or not seen:
        say(f"without a value after 90 s: {', '.join(missing) or 'there are no entities'}")
        show_log()
        return 1
    say(f"all {len(seen)} enabled entities have a value")
    if running.simulated is None:
        return 0
    await furnish(running.home)
    seconds = await seconds_until_shown(running.home.client, running.simulated)
    say(f"a load of {LOAD} W was shown {seconds:.2f} s after the meter's message")
    return 0 if seconds <= SHOWN_WITHIN else 1


async def furnish(home: HomeAssistant) -> Past:
    """Write the past of the simulated meter's entities, and set up the Energy dashboard."""
    say("importing ten days of statistics")
    await until_live(home.client, DOMAIN, 90)
    written = await fill(home.client, home.database)
    await set_up_energy(home.client)
    await eventually(partial(at_ease, home.client), "an Energy dashboard without errors", 120)
    say(f"{written.entities} entities have ten days of statistics; the Energy dashboard is set up")
    return written


def show(home: HomeAssistant, page: str) -> None:
    """Open Home Assistant in the browser if there is a display."""
    address = f"{home.url}{page}"
    say(f"ready: {address} (press Ctrl-C to stop)")
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)


def _end_on_signals() -> None:
    """Stop everything that was started on SIGINT, SIGTERM and SIGHUP, once."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None

    def end() -> None:
        for number in numbers:
            loop.add_signal_handler(number, lambda: None)
        print()
        say("stopping")
        task.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, end)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Lock the folder for this run and empty it; yield False if another run has locked it."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        for old in folder.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
            elif old.name != "lock":
                old.unlink()
        yield True


def show_log() -> None:
    """Print the end of Home Assistant's log."""
    log = _FOLDER / "home-assistant.log"
    if log.exists():
        say(f"{log.relative_to(CHECKOUT)} ends with:")
        print("\n".join(log.read_text(errors="replace").splitlines()[-20:]))


def run(options: argparse.Namespace) -> int:
    """Run the demo, print errors, and return the exit code."""
    with alone(_FOLDER) as free:
        if not free:
            say("the demo is already running in this checkout")
            return 1
        try:
            return asyncio.run(main(options))
        except asyncio.CancelledError:
            return 1 if options.check else 0
        except (BrokerError, ProcessError) as error:
            say(str(error))
        except (ApiError, CommandError, FlowError, TimeoutError) as error:
            say(str(error))
            show_log()
        return 1


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
