"""What breaks between a meter and a Home Assistant that is connected to it directly."""

import asyncio
from collections.abc import AsyncGenerator, Generator
import json

from paho.mqtt import subscribe
import pytest
import pytest_asyncio
import pytest_socket

from stack import eventually
from stack.client import Json
from stack.ports import LOOPBACK

from .faults import assert_counted, only_expected_errors
from .parts import require_mosquitto
from .stage import Stage, set_up

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: How long it takes until all is live, once the cause is gone (s).
_WITHIN = 15


@pytest.fixture
def verify_cleanup() -> None:
    """The stage outlives each test, with its tasks."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    """A stage that each test leaves live for the next."""
    require_mosquitto()
    pytest_socket.enable_socket()
    async with set_up(tmp_path_factory.mktemp("stage"), bridged=False) as whole:
        await whole.live()
        yield whole


@pytest.fixture(autouse=True)
def _no_errors(stage: Stage) -> Generator[None]:
    with only_expected_errors(stage.home):
        yield


async def unavailable(stage: Stage, within: float) -> None:
    """Wait until all counters are unavailable."""

    async def reached() -> bool:
        counters = (await stage.counters()).values()
        return {counter["state"] for counter in counters} == {"unavailable"}

    await eventually(reached, "the counters to be unavailable", within)


def logged(stage: Stage, text: str) -> int:
    """Return how often the log has a text."""
    return stage.home.log.read_text().count(text)


async def test_home_assistant_has_no_mqtt_set_up(stage: Stage) -> None:
    assert await stage.home.client.entries("mqtt") == []


async def test_a_request_for_history_reaches_the_meter(stage: Stage) -> None:
    [entry] = await stage.home.client.entries("flukso")
    listening = asyncio.create_task(
        asyncio.to_thread(
            subscribe.simple, "/d/device/+/tmpo/sync", hostname=LOOPBACK, port=stage.broker.port
        )
    )
    await asyncio.sleep(1)
    await stage.home.client.call_service(
        "flukso", "request_history", config_entry_id=entry["entry_id"], since="2026-01-01 00:00:00"
    )
    async with asyncio.timeout(10):
        message = await listening

    assert [block["sid"] for block in json.loads(message.payload)]


async def test_the_meters_broker_is_killed(stage: Stage) -> None:
    lost, back = logged(stage, "is unavailable"), logged(stage, "is available again")
    await stage.broker.kill()
    await unavailable(stage, within=10)
    await stage.broker.start()
    await stage.live(_WITHIN)

    assert logged(stage, "is unavailable") == lost + 1
    assert logged(stage, "is available again") == back + 1


@pytest.mark.long
async def test_the_meter_is_killed_and_its_board_counts_on(stage: Stage) -> None:
    await stage.meter.kill()
    await asyncio.sleep(5)
    await stage.switch_on()
    await stage.live(_WITHIN)


@pytest.mark.long
async def test_the_meter_stops_answering_without_closing_the_connection(stage: Stage) -> None:
    stage.broker.pause()
    try:
        await unavailable(stage, within=15)
    finally:
        stage.broker.resume()
    await stage.live(_WITHIN)


@pytest.mark.long
async def test_home_assistant_is_killed(stage: Stage) -> None:
    await stage.home.kill()
    await stage.home.start()
    await stage.live(_WITHIN)


@pytest.mark.long
async def test_home_assistant_starts_while_the_meter_is_off_and_its_broker_has_nothing_then(
    stage: Stage,
) -> None:
    before = await stage.counters()
    await stage.broker.kill()
    await stage.home.restart()
    entities = await stage.home.client.entities("flukso")
    states = await stage.home.client.states()
    assert {
        entity["entity_id"]
        for entity in entities
        if entity["disabled_by"] is None and entity["entity_id"] not in states
    } == set()
    assert (await stage.counters()).keys() == before.keys()

    await stage.broker.start()
    await stage.live(_WITHIN)


@pytest.mark.long
async def test_the_way_is_changed_and_changed_back(stage: Stage) -> None:
    """Both ways lead to the same broker, on which the topics have no prefix."""
    client = stage.home.client
    [entry] = await client.entries("flukso")
    before = await client.entities("flukso")
    await client.add_mqtt(stage.broker.port, protocol="3.1.1")

    form = await client.reconfigure("flukso", entry["entry_id"])
    form = await client.submit(form["flow_id"], {"next_step_id": "broker"})
    done = await client.submit(form["flow_id"], {})
    assert (done["type"], done["reason"]) == ("abort", "reconfigure_successful")
    await stage.live()
    assert await same(stage, before)

    done = await client.enter_address("flukso", stage.broker.port, entry_id=entry["entry_id"])
    assert (done["type"], done["reason"]) == ("abort", "reconfigure_successful")
    await stage.live(_WITHIN)
    assert await same(stage, before)


async def same(stage: Stage, before: list[Json]) -> bool:
    """Return whether the entities have the same unique ids and entity ids."""
    ids = [
        {entity["entity_id"]: entity["unique_id"] for entity in entities}
        for entities in (before, await stage.home.client.entities("flukso"))
    ]
    return ids[0] == ids[1]


@pytest.mark.long
async def test_after_all_this_the_statistics_are_what_the_meter_counted(stage: Stage) -> None:
    await assert_counted(stage)
