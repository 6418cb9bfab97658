"""What breaks in a house, one fault after the other: each time all comes back by itself."""

import asyncio
from collections.abc import AsyncGenerator, Generator
import re
import resource

import pytest
import pytest_asyncio
import pytest_socket

from stack import Clock, eventually

from .books import recorded, sums
from .parts import require_faketime, require_mosquitto
from .stage import Stage, bridge, set_up

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

_ENTRY = re.compile(r"^(?=\d{4}-\d\d-\d\d \S+ [A-Z]+ \()", re.MULTILINE)
_FAULT = re.compile(r" (ERROR|CRITICAL) \(| WARNING .*flukso|^Traceback", re.MULTILINE)
#: Home Assistant's MQTT greets ten seconds after it connected, and may find nobody there.
_GREETING = "Error talking to MQTT: The client is not currently connected"
#: Home Assistant's statistics are sums of floats (Wh).
_EXACT = 2e-3
#: Seconds from what the meter counts to when it is recorded.
_DELAY = 5

#: What the household takes in two seconds at the most (Wh).
_TWO_SECONDS = 3


@pytest.fixture
def verify_cleanup() -> None:
    """The stage outlives each test, with its tasks."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    """A stage that each test leaves live for the next."""
    require_mosquitto()
    pytest_socket.enable_socket()
    async with set_up(tmp_path_factory.mktemp("stage")) as whole:
        await whole.live()
        yield whole


@pytest.fixture(autouse=True)
def expected(stage: Stage) -> Generator[list[str]]:
    """The errors that a test expects in the log; any other is a defect."""
    already = len(stage.home.log.read_text())
    lines = [
        "which has not been tested by Home Assistant",  # said of every custom integration
        "Updating state for",  # took long, on a machine that has other work
    ]
    yield lines
    entries = _ENTRY.split(stage.home.log.read_text()[already:])
    faults = [entry for entry in entries if _FAULT.search(entry)]
    assert [fault for fault in faults if not any(line in fault for line in lines)] == []


async def test_all_retained_topics_are_lost_and_home_assistant_is_restarted(
    stage: Stage, expected: list[str]
) -> None:
    """And the meter does not say them again before its next save: the memory on disk has them."""
    expected.append(_GREETING)
    lines = bridge(stage.meters_broker.port)
    forgetful = stage.broker_with(lines.replace("topic /device/+/config/+ in 0", ""))
    await stage.broker.kill()
    await forgetful.start()
    await stage.home.restart()
    await stage.live()
    await forgetful.stop()
    await stage.broker.start()
    await stage.live()


async def test_home_assistants_broker_is_killed(stage: Stage, expected: list[str]) -> None:
    expected.append(_GREETING)
    await stage.broker.kill()
    await stage.broker.start()
    await stage.live()


async def test_the_meters_broker_is_killed(stage: Stage) -> None:
    await stage.meters_broker.kill()
    await stage.meters_broker.start()
    await stage.live()


async def test_the_meter_is_killed_and_its_board_counts_on(stage: Stage) -> None:
    await stage.meter.kill()
    await asyncio.sleep(5)
    await stage.meter.start()
    await stage.live()


async def test_the_bridge_is_cut_until_all_is_unavailable(stage: Stage) -> None:
    """What the meter said meanwhile comes afterwards, all at once."""

    async def unavailable() -> bool:
        counters = (await stage.counters()).values()
        return {counter["state"] for counter in counters} == {"unavailable"}

    stage.meters_broker.pause()
    try:
        await eventually(unavailable, "the counters to be unavailable", within=90)
    finally:
        stage.meters_broker.resume()
    await stage.live()


async def test_home_assistant_is_killed(stage: Stage) -> None:
    await stage.home.kill()
    await stage.home.start()
    await stage.live()


async def test_the_meters_clock_is_set_back_by_an_hour_and_set_right(stage: Stage) -> None:
    for ahead in (-3600, 0):
        await stage.set_clock(ahead)
        await stage.live()


async def test_the_disk_is_full_while_the_meter_is_changed(
    stage: Stage, expected: list[str]
) -> None:
    """A limit on the size of files is how a program without privileges sees a full disk."""
    # Home Assistant's database lies on the same disk.
    expected.append("[homeassistant.components.recorder.")
    pid = stage.home.pid
    assert pid is not None
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)

    async def refused() -> bool:
        said = str(await stage.home.client.call("system_log/list"))
        return "Error writing config for flukso." in said

    async def renamed() -> bool:
        devices = await stage.home.client.devices()
        return "kitchen" in [device["name"] for device in devices]

    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        stage.rename(1, "kitchen")
        await eventually(refused, "the disk to be full")
        assert await renamed()
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    await stage.live()
    await stage.home.restart()
    await stage.live()
    assert await renamed()


async def test_after_all_this_the_statistics_are_what_the_meter_counted(stage: Stage) -> None:
    await stage.switch_off()
    await asyncio.sleep(2)
    counters = {key: each["entity_id"] for key, each in (await stage.counters()).items()}
    netted = await stage.netted()
    rows = {each: recorded(stage.home, each) for each in (*counters.values(), *netted)}
    made = await sums(stage.home, [entity_id for entity_id, of in rows.items() if of])

    assert all(rows[counters[sensor_id]] for sensor_id in stage.truth.of_clamps)
    for sensor_id, entity_id in counters.items():
        if of := rows[entity_id]:
            counted = of[-1][1] - of[0][1]
            spikes = [row for row in of if row[1] > stage.truth.at(row[0] + 1)[sensor_id] + _EXACT]
            assert not spikes, entity_id
            assert made[entity_id] == pytest.approx(counted, abs=_EXACT), entity_id
    counted = made[netted[0]] - made[netted[1]]
    begin, end = (rows[netted[0]][place][0] for place in (0, -1))
    off = [
        abs(stage.truth.net(end - last) - stage.truth.net(begin - first) - counted)
        for first in range(_DELAY)
        for last in range(_DELAY)
    ]
    assert min(off) <= _EXACT


@pytest.mark.timeout(480)
async def test_home_assistants_clock_is_set_back_by_an_hour_and_set_right(stage: Stage) -> None:
    """With a clock of its own, Home Assistant takes several times as long to start."""
    clock = Clock(require_faketime(), stage.folder)
    stage.home.environment.update(clock.environment)
    await stage.home.restart(within=300)
    await stage.set_clock(0)
    await stage.live()
    before = await stage.off()
    for ahead in (-3600, 0):
        clock.set(ahead)
        await asyncio.sleep(_DELAY)
        await stage.live()
    assert await stage.off() == pytest.approx(before, abs=_TWO_SECONDS)
