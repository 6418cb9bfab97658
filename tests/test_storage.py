"""Files on disk: read back, written in time, and left alone when a newer version wrote them."""

from collections.abc import Generator
from datetime import timedelta
import errno
import json
from pathlib import Path
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
import voluptuous as vol

from custom_components.flukso.storage import Storage

#: What the tests' Home Assistant replaces by a dictionary in memory.
_REAL = {
    name: getattr(Store, name) for name in ("_async_load", "_async_write_data", "async_remove")
}
_READ = vol.Schema({"count": int})
_KEY = "flukso.entry"


@pytest.fixture
def path(hass: HomeAssistant, tmp_path: Path) -> Generator[Path]:
    """Let Home Assistant use real files; the answer is the path of the tested one."""
    hass.config.config_dir = str(tmp_path)
    with patch.multiple(Store, **_REAL):
        yield tmp_path / ".storage" / _KEY


class Counted:
    """Something that is kept."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.count = 0
        self.storage = Storage(hass, 1, _KEY, self._data, contents="count")

    def _data(self) -> dict[str, int]:
        return {"count": self.count}

    async def async_load(self) -> bool:
        """Take up what was kept, and tell whether there was anything."""
        found = await self.storage.async_load(_READ)
        self.count = found["count"] if found else 0
        return found is not None


def leave(path: Path, text: str | bytes) -> None:
    """Leave a file from before."""
    path.parent.mkdir(parents=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def text_of(path: Path) -> str | None:
    """The file, if there is one."""
    return path.read_text() if path.exists() else None


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings of this integration."""
    return [
        record.message
        for record in caplog.records
        if record.levelname == "WARNING" and record.name.startswith("custom_components.flukso")
    ]


def count_in(path: Path) -> int | None:
    """What is on disk."""
    text = text_of(path)
    return None if text is None else int(json.loads(text)["data"]["count"])


async def pass_seconds(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def test_what_was_saved_is_there_again(hass: HomeAssistant, path: Path) -> None:
    one = Counted(hass)
    assert not await one.async_load()
    one.count = 7
    await one.storage.async_save()

    other = Counted(hass)

    assert await other.async_load()
    assert other.count == 7


async def test_a_change_is_written_in_time_however_many_follow(
    hass: HomeAssistant, path: Path, freezer: FrozenDateTimeFactory
) -> None:
    one = Counted(hass)
    for second in range(25):
        one.count = second
        one.storage.save_soon(10)
        await pass_seconds(hass, freezer, 1)
        assert count_in(path) == (None if second < 9 else 9 if second < 19 else 19)


async def test_what_would_have_been_written_soon_can_be_written_now(
    hass: HomeAssistant, path: Path, freezer: FrozenDateTimeFactory
) -> None:
    one = Counted(hass)
    await one.storage.async_flush()
    assert text_of(path) is None
    one.storage.save_soon(10)

    await one.storage.async_flush()

    assert count_in(path) == 0
    one.count = 1
    await pass_seconds(hass, freezer, 20)
    assert count_in(path) == 0, "nothing is due any more"


async def test_what_is_not_yet_written_is_written_when_home_assistant_stops(
    hass: HomeAssistant, path: Path
) -> None:
    one = Counted(hass)
    one.storage.save_soon(900)
    one.count = 5

    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    hass.set_state(CoreState.running)

    assert count_in(path) == 5


async def test_a_file_of_a_newer_version_is_left_alone(
    hass: HomeAssistant, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = '{"version": 2, "minor_version": 1, "key": "flukso.entry", "data": {"counts": [1]}}'
    leave(path, newer)
    one = Counted(hass)

    assert not await one.async_load()
    await one.storage.async_save()
    one.storage.save_soon(0)
    await one.storage.async_flush()

    assert text_of(path) == newer
    [warning] = warnings(caplog)
    assert "The count cannot be read and nothing will be saved" in warning
    assert "has version 2 which is newer" in warning


async def test_a_file_that_may_not_be_read_is_left_alone(hass: HomeAssistant, path: Path) -> None:
    folder = path / "in its place"
    leave(folder, "")
    one = Counted(hass)

    assert not await one.async_load()
    await one.storage.async_save()

    assert text_of(folder) == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"version": 1, "data": {"count": "many"}}',
        '{"version": 1, "data": []}',
        '{"version": 1}',
        '{"version": 0, "data": {"count": 1}}',
        '{"version": "new", "data": {"count": 1}}',
        '{"data": {"count": 1}}',
        "[]",
        "null",
        "7",
    ],
)
async def test_a_file_of_another_shape_is_reported_once_and_replaced(
    hass: HomeAssistant, path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    leave(path, text)
    one = Counted(hass)

    assert not await one.async_load()
    await one.storage.async_save()

    assert count_in(path) == 0
    [warning] = warnings(caplog)
    assert "The count cannot be read and will be replaced" in warning


@pytest.mark.parametrize("text", ["", '{"version": 1, "data": {"cou', b"\x00\xff" * 100])
async def test_home_assistant_puts_a_file_aside_that_is_no_json(
    hass: HomeAssistant, path: Path, text: str | bytes
) -> None:
    leave(path, text)
    one = Counted(hass)

    assert not await one.async_load()
    await one.storage.async_save()

    assert count_in(path) == 0
    assert [found.name.partition(".corrupt.")[0] for found in path.parent.glob("*.corrupt.*")] == [
        _KEY
    ]


async def test_a_file_is_removed_whoever_wrote_it(hass: HomeAssistant, path: Path) -> None:
    leave(path, '{"version": 2, "data": {}}')

    await Counted(hass).storage.async_remove()

    assert text_of(path) is None
    await Counted(hass).storage.async_remove()


async def test_nothing_is_written_once_a_file_is_removed(hass: HomeAssistant, path: Path) -> None:
    one = Counted(hass)
    await one.storage.async_save()

    await one.storage.async_remove()
    await one.storage.async_save()

    assert text_of(path) is None


async def test_what_could_not_be_written_for_sure_is_an_error(
    hass: HomeAssistant, path: Path
) -> None:
    counted = Counted(hass)
    counted.count = 3
    await counted.storage.async_save_surely()
    counted.count = 4

    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        patch("homeassistant.helpers.storage.write_utf8_file", side_effect=WriteError(full)),
        pytest.raises(HomeAssistantError) as error,
    ):
        await counted.storage.async_save_surely()

    assert error.value.translation_key == "not_saved"
    assert await Counted(hass).async_load()
    counted.count = 3
    await counted.storage.async_save_surely()
    assert '"count":3' in (text_of(path) or "").replace(" ", "").replace("\n", "")


async def test_a_file_that_is_left_alone_is_no_error(hass: HomeAssistant, path: Path) -> None:
    leave(path, '{"version": 99, "minor_version": 1, "key": "", "data": {"count": 5}}')
    counted = Counted(hass)
    assert not await counted.async_load()

    await counted.storage.async_save_surely()

    assert '"count": 5' in (text_of(path) or "")
