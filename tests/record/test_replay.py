"""A recording that came with a bug report, replayed: it is the meter that the user has."""

from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from record import Anonymiser, Recorded, write
from simulator import Flm03
from tests.broker import Broker
from tests.home import device_names, states
from tests.replay import replay

_DEVICE = "fedcba9876543210fedcba9876543210"


@pytest.fixture
def recording(tmp_path: Path, freezer: FrozenDateTimeFactory) -> Path:
    """Half a minute of a meter, as `scripts/record` writes it."""
    anonymiser, path = Anonymiser(b"salt"), tmp_path / "recording.jsonl"
    now = int(dt_util.utcnow().timestamp())
    meter = Flm03(_DEVICE, start=now)
    heard = [(0, message) for message in meter.announce()]
    for second in range(1, 31):
        heard += [(second, message) for message in meter.second(now + second)]
    write(
        path,
        (
            Recorded(
                float(after),
                anonymiser.topic(message.topic),
                anonymiser.payload(message.topic, message.payload),
                message.retain,
            )
            for after, message in heard
        ),
    )
    return path


async def test_a_recording_is_a_meter_with_its_devices_and_readings(
    hass: HomeAssistant, broker: Broker, freezer: FrozenDateTimeFactory, recording: Path
) -> None:
    entry = await replay(hass, broker, freezer, recording)

    assert entry.data["device_id"] != _DEVICE
    assert {"Fluksometer", "L1", "L2", "L3", "gas", "garden"} <= set(device_names(hass, entry))
    shown = states(hass, entry)
    assert float(shown["sensor.fluksometer_l1_voltage"]) == pytest.approx(230, abs=15)
    assert float(shown["sensor.fluksometer_l1_active_energy_import"]) > 0
    assert "unavailable" not in shown.values()
