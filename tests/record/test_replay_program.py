"""`scripts/replay`: a file of messages becomes states of a real Home Assistant."""

import asyncio
import json
from pathlib import Path

import pytest

from record import Recorded, read
from replay.__main__ import main
from replay.made_up import DEVICE_ID, configuration_in, configuration_of
from replay.playback import Playback, recorded_at, without_prefix
from simulator import Message
from stack import Clock
from tests.end_to_end.parts import require_mosquitto

_FILE = Path(__file__).parent / "water_and_attic.jsonl"
_NOW = 1_780_000_000
_SENSOR = "/sensor/a11a0000000000000000000000000001/gauge"


def _ahead(clock: Clock) -> int:
    """How far a clock was set ahead (s)."""
    return int(Path(clock.environment["FAKETIME_TIMESTAMP_FILE"]).read_text())


def _played(playback: Playback, seconds: int) -> dict[int, list[Message]]:
    """What is published, by the seconds since the start."""
    playback.start()
    played = {second: list(playback.second(_NOW + second)) for second in range(seconds)}
    return {second: messages for second, messages in played.items() if messages}


@pytest.mark.long
async def test_it_prints_the_states_that_the_messages_make(
    socket_enabled: None, capsys: pytest.CaptureFixture[str]
) -> None:
    require_mosquitto()

    assert await asyncio.to_thread(main, [str(_FILE), "--then", "7"]) == 0

    printed = capsys.readouterr().out
    assert "sensor.fluksometer_sensor_1_consumption  4182" in printed
    assert "sensor.fluksokube_1_temperature  21.5 °C" in printed
    assert "sensor.fluksometer_sensor_1_flow  12" in printed
    assert "replay: the states at the end" in printed
    assert "repair" not in printed


def test_a_reading_has_the_time_of_its_message_less_its_age() -> None:
    *_, last = read(_FILE)
    assert last.payload_at(_NOW) == f'[{_NOW + 3},0.200,"L/s"]'.encode()


def test_a_recording_begins_when_its_readings_say(tmp_path: Path) -> None:
    readings = [
        Recorded(after, _SENSOR, f'[{_NOW + after - 1},5,"W"]'.encode(), retain=False)
        for after in (2, 3, 4)
    ]
    old = Recorded(0, _SENSOR, b'[5,5,"W"]', retain=True)
    assert recorded_at([old, *readings]) == _NOW - 1
    assert recorded_at([old]) is None
    assert recorded_at(read(_FILE)) is None


def test_messages_are_played_in_their_seconds_without_their_prefix() -> None:
    played = _played(Playback(list(read(_FILE)), [], None, 15), 20)

    [first, second] = played.values()
    assert [seconds - next(iter(played)) for seconds in played] == [0, 4]
    assert [message.topic for message in second] == [_SENSOR]
    assert not first[0].retain
    assert first[0].payload.startswith(b"[178000000")


def test_nothing_is_played_before_the_start_but_the_configuration() -> None:
    config = [Message("/device/x/config/sensor", b"{}", retain=True)]
    playback = Playback(list(read(_FILE)), config, None, 15)
    assert playback.announce() == config
    assert list(playback.second(_NOW)) == list(playback.hear(config[0])) == []
    assert not playback.ended.is_set()


def test_a_long_wait_is_skipped_by_setting_the_clock_before_the_message(tmp_path: Path) -> None:
    clock = Clock(Path("libfaketime"), tmp_path)
    messages = [
        Recorded(after, _SENSOR, b'[T,5,"W"]', retain=False, age=after) for after in (0, 3600, 3601)
    ]
    playback = Playback(messages, [], clock, 15)

    played = _played(playback, 16)
    assert len(played) == 1
    assert _ahead(clock) == 3600 - 15
    played |= {second: list(playback.second(_NOW + second)) for second in range(16, 30)}

    assert {message.payload for each in played.values() for message in each} == {
        f'[{round(playback.began or 0)},5,"W"]'.encode()
    }
    assert _ahead(clock) == 3600 - 15
    assert playback.ended.is_set()


@pytest.mark.parametrize(
    ("topic", "played"),
    [
        ("/sensor/x/gauge", "/sensor/x/gauge"),
        ("flukso/sensor/x/gauge", "/sensor/x/gauge"),
        ("flukso//device/x/config/sensor", "/device/x/config/sensor"),
        ("sensor/x/gauge", "/sensor/x/gauge"),
        ("home/d/device/x/tmpo/sync", "/d/device/x/tmpo/sync"),
        (f"fluksosensor/{'5f' * 16}/gauge", f"/sensor/{'5f' * 16}/gauge"),
        (f"fluksodevice/{'5f' * 16}/config/sensor", f"/device/{'5f' * 16}/config/sensor"),
        ("weather", "weather"),
    ],
)
def test_a_topic_is_played_as_the_meter_publishes_it(topic: str, played: str) -> None:
    assert without_prefix(topic) == played


def test_a_configuration_is_made_up_of_what_is_read() -> None:
    sensors, kubes = configuration_of(read(_FILE), "cosem")
    slots = json.loads(sensors.payload)
    assert [(slot["class"], slot["type"]) for slot in slots.values()] == [
        ("cosem", "water"),
        ("kube", "temperature"),
    ]
    assert sensors.topic == f"/device/{DEVICE_ID}/config/sensor"
    assert kubes.retain


def test_a_configuration_in_the_recording_is_that_of_the_meter() -> None:
    config = Recorded(0, "home/device/x/config/sensor", b'{"1":{}}', retain=False)
    assert configuration_of([config, *read(_FILE)], "pulse") == [
        Message("/device/x/config/sensor", b'{"1":{}}', retain=True)
    ]


def test_a_configuration_may_be_in_files_named_after_it(tmp_path: Path) -> None:
    path = tmp_path / "my_config_flx.json"
    path.write_text("{}")
    [ports] = configuration_in([path])
    assert ports.topic.endswith("/config/flx")
    with pytest.raises(ValueError, match=r"notes\.json is not named"):
        configuration_in([tmp_path / "notes.json"])


def test_a_file_that_is_not_there_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.jsonl"]) == 1
    assert "nowhere.jsonl" in capsys.readouterr().err
