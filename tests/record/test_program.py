"""`scripts/record` at a real broker, with a meter that is heard on it."""

import asyncio
from collections.abc import AsyncGenerator
import json
from pathlib import Path
from threading import Event

import pytest

from record import read
from record.__main__ import main
from simulator import Flm03
from simulator.player import play
from stack import Mosquitto
from stack.ports import free_port
from tests.end_to_end.parts import require_mosquitto

_DEVICE = "fedcba9876543210fedcba9876543210"


@pytest.fixture
async def mosquitto(tmp_path: Path, socket_enabled: None) -> AsyncGenerator[Mosquitto]:
    """A broker that knows no user by name."""
    require_mosquitto()
    (tmp_path / "passwords").touch()
    async with Mosquitto(tmp_path, extra=f"password_file {tmp_path}/passwords") as broker:
        yield broker


@pytest.mark.parametrize("prefix", ["", "home/flukso", "flukso/"])
async def test_it_writes_what_a_meter_sends_without_what_identifies_it(
    mosquitto: Mosquitto, tmp_path: Path, prefix: str
) -> None:
    stop, file = Event(), tmp_path / "recording.jsonl"
    meter = Flm03(_DEVICE, start=1_780_000_000, prefix=prefix)
    playing = asyncio.create_task(
        asyncio.to_thread(
            play, [meter], "127.0.0.1", mosquitto.port, stop=stop, begin=1_780_000_001, speed=10
        )
    )
    arguments = [f"127.0.0.1:{mosquitto.port}", "--seconds", "3", "--file", str(file)]
    try:
        code = await asyncio.to_thread(main, [*arguments, "--prefix", f"{prefix}/"])
    finally:
        stop.set()
        await playing

    assert code == 0
    written, text = list(read(file)), file.read_text("utf-8")
    kinds = {message.topic.removeprefix(prefix).split("/", 3)[3] for message in written}
    assert {"config/sensor", "config/flx", "config/kube", "test/tap", "gauge", "counter"} <= kinds
    assert [message.after for message in written] == sorted(message.after for message in written)
    [sensors] = [m for m in written if m.topic.endswith("/config/sensor")]
    assert sensors.topic.startswith(f"{prefix}/device/")
    named = {sensor["id"] for sensor in json.loads(sensors.payload).values() if "id" in sensor}
    heard = {m.topic.split("/")[-2] for m in written if m.topic.endswith(("gauge", "counter"))}
    assert heard
    assert heard <= named
    assert _DEVICE not in text
    assert not [sensor.id for sensor in meter.sensors.values() if sensor.id in text]


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--username", "nobody", "--password", "guessed"], "Not authorized"),
        (["--prefix", "nowhere", "--seconds", "0.5"], "0 messages"),
    ],
)
async def test_a_recording_without_messages_says_why(
    mosquitto: Mosquitto,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: list[str],
    told: str,
) -> None:
    arguments = [f"127.0.0.1:{mosquitto.port}", "--file", str(tmp_path / "recording.jsonl")]

    assert await asyncio.to_thread(main, [*arguments, *extra]) == 1

    assert told in capsys.readouterr().err


@pytest.mark.parametrize("port", [None, "door"])
async def test_that_there_is_no_broker_is_told(
    socket_enabled: None, capsys: pytest.CaptureFixture[str], port: str | None
) -> None:
    address = f"127.0.0.1:{port or free_port()}"

    assert await asyncio.to_thread(main, [address]) == 1

    assert f"no broker at {address}" in capsys.readouterr().err
