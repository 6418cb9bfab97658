"""A recording for a bug report: nothing of the house in it, and all of the meter."""

import gzip
import json
from pathlib import Path

import pytest

from record import Anonymiser, Recorded, read, write
from simulator import Flm03

_DEVICE = "fedcba9876543210fedcba9876543210"


@pytest.fixture
def anonymiser() -> Anonymiser:
    return Anonymiser(b"salt")


@pytest.fixture
def recorded(anonymiser: Anonymiser) -> list[Recorded]:
    """Ten minutes of a meter, anonymised."""
    meter = Flm03(_DEVICE, start=1_780_000_000)
    messages = meter.announce()
    for second in range(1_780_000_001, 1_780_000_601):
        messages += meter.second(second)
    return [
        Recorded(
            0.0,
            anonymiser.topic(message.topic),
            anonymiser.payload(message.topic, message.payload),
            message.retain,
        )
        for message in messages
    ]


def _texts(messages: list[Recorded]) -> str:
    return "\n".join(
        message.topic
        + str(
            gzip.decompress(message.payload) if message.topic.endswith("/gz") else message.payload,
            "utf-8",
        )
        for message in messages
    )


def test_no_id_of_the_meter_is_left(recorded: list[Recorded]) -> None:
    meter = Flm03(_DEVICE, start=1_780_000_000)
    text = _texts(recorded)
    assert _DEVICE not in text
    assert not [sensor.id for sensor in meter.sensors.values() if sensor.id in text]


def test_no_secret_is_left(recorded: list[Recorded]) -> None:
    meter = Flm03(_DEVICE, start=1_780_000_000)
    [kubes] = [m for m in meter.announce() if m.topic.endswith("/config/kube")]
    sections = json.loads(kubes.payload).values()
    secrets = [section[key] for section in sections for key in ("key", "hw_id") if key in section]
    text = _texts(recorded)
    assert secrets
    assert not [secret for secret in secrets if str(secret) in text]
    [self_test] = [m for m in meter.announce() if m.topic.endswith("/test/tap")]
    [serial] = [line for line in self_test.payload.decode().splitlines() if "# serial: " in line]
    assert serial.removeprefix("# serial: ") not in text
    assert "# serial: FL" in text


def test_the_same_id_is_replaced_by_the_same(anonymiser: Anonymiser) -> None:
    topic = anonymiser.topic(f"/device/{_DEVICE}/config/sensor")
    assert topic == anonymiser.topic(f"/device/{_DEVICE}/config/sensor")
    assert topic != Anonymiser(b"another salt").topic(f"/device/{_DEVICE}/config/sensor")


@pytest.mark.parametrize(
    "hidden",
    [
        _DEVICE.upper(),
        f"flukso_{_DEVICE}_power",
        f'{{"1":{{"id":"{_DEVICE[:29]}',
        "the meter fl07001234",
        "# serial:  X-17",
        "# Serial: 070012345",
    ],
)
def test_what_identifies_a_meter_is_replaced_wherever_it_is(
    anonymiser: Anonymiser, hidden: str
) -> None:
    payload = str(anonymiser.payload("/device/x/test/tap", hidden.encode()), "utf-8")

    assert len(payload) >= len(hidden)
    for secret in (_DEVICE[:6], "7001234", "X-17"):
        assert secret not in payload.lower().replace("x-17", "X-17")
    assert payload == str(anonymiser.payload("/another/topic", hidden.encode()), "utf-8")


@pytest.mark.parametrize(
    "payload",
    [
        '[1517237114, 1278.079, "W"]',
        "[1517237114, 0.97234567890123456]",
        "{flm:{time:[1517237114,123456],update:false}}",
        '{"1":{"name":"fader","enable":1}}',
    ],
)
def test_numbers_and_names_stay(anonymiser: Anonymiser, payload: str) -> None:
    assert str(anonymiser.payload("/sensor/x/gauge", payload.encode()), "utf-8") == payload


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("/device/x/config/kube", b"{not json"),
        ("/sensor/x/gauge", b"\xff\xfe"),
        ("/sensor/x/tmpo/0/8/256/gz", b"no gzip"),
    ],
)
def test_what_cannot_be_read_is_left_out(
    anonymiser: Anonymiser, topic: str, payload: bytes
) -> None:
    assert anonymiser.payload(topic, payload) == b""


def test_a_recording_can_be_played_again(recorded: list[Recorded], tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    assert write(path, recorded) == len(recorded)
    assert list(read(path)) == recorded


def test_a_line_that_is_no_message_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text('{"topic": 1}\n')
    with pytest.raises(ValueError, match="line 1 is not a message"):
        list(read(path))
