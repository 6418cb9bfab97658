"""What breaks in a house, one fault after the other: each time all comes back by itself."""

import asyncio
from collections.abc import AsyncGenerator, Generator
import resource

import pytest
import pytest_asyncio
import pytest_socket

from stack import Clock, eventually

from .faults import DELAY, assert_counted, only_expected_errors
from .parts import require_faketime, require_mosquitto
from .stage import Stage, bridge, set_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Home Assistant's MQTT greets ten seconds after it connected, and may find nobody there.
_GREETING = "Error talking to MQTT: The client is not currently connected"
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
    with only_expected_errors(stage.home) as lines:
        yield lines


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
    await stage.switch_on()
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
    # Home Assistant's database lies on the same disk, and so does its log: it tells what could not
    # be written only if there is room again when that is logged.
    expected += [
        "[homeassistant.components.recorder.",
        "[homeassistant.util.file] Saving file failed",
        "[homeassistant.helpers.storage] Error writing config for flukso.",
    ]
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
        await eventually(renamed, "the new name")
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    await stage.live()
    await stage.home.restart()
    await stage.live()
    assert await renamed()


async def test_after_all_this_the_statistics_are_what_the_meter_counted(stage: Stage) -> None:
    await assert_counted(stage)


@pytest.mark.long
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
        await asyncio.sleep(DELAY)
        await stage.live()

    async def as_before() -> bool:
        return await stage.off() == pytest.approx(before, abs=_TWO_SECONDS)

    await eventually(as_before, "nothing to be lost or doubled")
