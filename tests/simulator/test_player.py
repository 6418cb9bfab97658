"""The player at a real broker, and the command line."""

from collections.abc import AsyncGenerator, Callable, Generator
import contextlib
import json
from pathlib import Path
import signal
import subprocess
import sys
from threading import Event, Thread
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
import pytest

from simulator import Flm03, Message
from simulator.__main__ import arguments, as_json, build
from simulator.player import play
from stack.broker import EmbeddedBroker

from .wire_reader import DEVICE, NOON, blocks, config, readings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0


@pytest.fixture
async def broker(tmp_path: Path, socket_enabled: None) -> AsyncGenerator[EmbeddedBroker]:
    async with EmbeddedBroker(tmp_path) as broker:
        yield broker


class Listener:
    """Hears everything that comes to a broker."""

    def __init__(self, port: int) -> None:
        self.heard: list[Message] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda client, *_: client.subscribe("#")
        self.client.on_message = lambda _client, _data, message: self.heard.append(
            Message(message.topic, message.payload, message.retain)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def wait(self, enough: Callable[[list[Message]], bool]) -> list[Message]:
        deadline = time.monotonic() + PATIENCE
        while not enough(list(self.heard)):
            assert time.monotonic() < deadline, "too little was heard"
            time.sleep(0.02)
        return list(self.heard)

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextlib.contextmanager
def listening(port: int) -> Generator[Listener]:
    listener = Listener(port)
    try:
        yield listener
    finally:
        listener.end()


@contextlib.contextmanager
def playing(meters: list[Flm03], port: int, speed: float, begin: int) -> Generator[None]:
    stop = Event()
    options = {"speed": speed, "stop": stop, "begin": begin}
    thread = Thread(target=play, args=(meters, "127.0.0.1", port), kwargs=options)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def announces(message: Message) -> bool:
    return "/config/" in message.topic or "/test/tap" in message.topic


def seconds_of(messages: list[Message], sid: str) -> list[int]:
    found = (r for r in readings(messages) if (r.sid, r.kind) == (sid, "gauge"))
    return [reading.stamp for reading in found]


def test_a_meter_announces_itself_and_leaves_no_second_out(broker: EmbeddedBroker) -> None:
    meter = Flm03(DEVICE, start=NOON, waveforms=False)
    sid = meter.sensors[1].id
    with listening(broker.meter_port) as listener, playing([meter], broker.meter_port, 20, NOON):
        heard = listener.wait(lambda messages: len(seconds_of(messages, sid)) > 30)
    assert config(heard, "sensor")["1"]["id"] == sid
    stamps = seconds_of(heard, sid)
    assert stamps == list(range(stamps[0], stamps[0] + len(stamps)))


def test_the_announcement_is_there_for_those_who_come_later(broker: EmbeddedBroker) -> None:
    meter = Flm03(DEVICE, start=NOON, waveforms=False, blocks=False)
    with playing([meter], broker.meter_port, 20, NOON):
        with listening(broker.meter_port) as early:
            early.wait(lambda messages: sum(map(announces, messages)) >= 4)
        with listening(broker.meter_port) as late:
            heard = late.wait(lambda messages: sum(map(announces, messages)) >= 4)
    assert config(heard, "flx")["1"]["name"] == "L1"


async def test_meters_announce_themselves_again_to_a_broker_that_was_away(
    broker: EmbeddedBroker,
) -> None:
    meter = Flm03(DEVICE, start=NOON, waveforms=False, blocks=False)
    with playing([meter], broker.meter_port, 5, NOON):
        with listening(broker.meter_port) as listener:
            listener.wait(lambda messages: any(map(announces, messages)))
        await broker.stop()
        await broker.start()
        with listening(broker.meter_port) as listener:
            heard = listener.wait(lambda messages: sum(map(announces, messages)) >= 4)
    assert config(heard, "sensor")


def test_a_request_for_stored_blocks_is_answered(broker: EmbeddedBroker) -> None:
    meter = Flm03(DEVICE, start=NOON, clamps=1, waveforms=False)
    meter.second(NOON + 7200)
    sid = meter.sensors[1].id
    request = json.dumps([{"sid": sid, "rid": 0, "lvl": 0, "bid": 0}])
    with (
        listening(broker.meter_port) as listener,
        playing([meter], broker.meter_port, 5, NOON + 7201),
    ):
        listener.wait(lambda messages: len(seconds_of(messages, sid)) > 2)
        listener.client.publish(meter.sync_topic, request)
        heard = listener.wait(lambda messages: any(b.level == 12 for b in blocks(messages)))
    assert {block.sid for block in blocks(heard) if block.level == 12} == {sid}


def run(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simulator", *options]
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(broker: EmbeddedBroker, number: signal.Signals) -> None:
    process = run("--broker", f"127.0.0.1:{broker.meter_port}", "--meters", "2")
    with listening(broker.meter_port) as listener:
        listener.wait(
            lambda messages: len({m.topic for m in messages if "config/flx" in m.topic}) == 2
        )
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert out.count("Flm03 ") == 2
    assert "Traceback" not in err


def test_a_broker_that_is_not_there_is_told_and_tried_again(broker: EmbeddedBroker) -> None:
    process = run("--broker", "127.0.0.1:9")
    assert process.stderr is not None
    assert "can't be reached" in process.stderr.readline()
    process.terminate()
    assert process.wait(PATIENCE) == 0


def test_print_writes_lines_of_json() -> None:
    out, err = run("--print", "--seconds", "3", "--speed", "100", "--prefix", "x").communicate(
        timeout=PATIENCE
    )
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) > 150
    assert all(line["topic"].startswith("x/") and "payload" in line for line in lines)
    assert sum(line["retain"] for line in lines) >= 4
    assert not err


def test_a_reader_that_has_enough_ends_it_cleanly() -> None:
    process = run("--print", "--speed", "100")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(PATIENCE) == 0


def test_a_payload_that_is_no_text_is_printed_as_hex() -> None:
    assert json.loads(as_json(Message("t", b"\x1f\x8b", retain=False)))["hex"] == "1f8b"


def test_the_command_line_describes_itself() -> None:
    out, _ = run("--help").communicate(timeout=PATIENCE)
    for option in ("--broker", "--model", "--meters", "--full", "--seed", "--speed", "--print"):
        assert option in out


def test_meters_of_one_command_have_their_own_ids_and_the_same_ones_again() -> None:
    first, second = (build(arguments(["--meters", "3", "--seed", "5"]), NOON) for _ in range(2))
    assert [meter.device_id for meter in first] == [meter.device_id for meter in second]
    assert len({meter.device_id for meter in first}) == 3


def test_the_broker_and_the_model_can_be_chosen() -> None:
    options = arguments(["--broker", "nas:1884", "--model", "flm02"])
    assert options.broker == ("nas", 1884)
    assert [type(meter).__name__ for meter in build(options, NOON)] == ["Flm02"]
    assert arguments(["--broker", "nas"]).broker == ("nas", 1883)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--meters", "0"],
        ["--speed", "0"],
        ["--broker", "nas:x"],
        ["--model", "flm01"],
        ["--model", "flm02", "--full"],
        ["--seconds", "5"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(wrong)
