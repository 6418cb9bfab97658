"""What `scripts/soak` does for ten minutes, for 15 s: ten full meters at their real cadence."""

from pathlib import Path
import sys

import pytest

from soak.__main__ import report
from soak.load import measure

_METERS, _SECONDS = 10, 15
#: What the three clamps of a full meter publish each second of sensors that are enabled.
_EACH_SECOND = 45


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.parametrize("direct", [False, True], ids=["through MQTT", "directly"])
async def test_of_ten_full_meters_nothing_is_lost_and_nothing_piles_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, direct: bool
) -> None:
    load = await measure(_METERS, _SECONDS, tmp_path, direct=direct)
    with capsys.disabled():
        sys.stdout.write(f"\n{report(load, _SECONDS)}\n")

    assert load.faults == []
    assert load.published >= _METERS * _SECONDS * _EACH_SECOND
    assert not load.piles_up, load.more_blocks
    assert " ERROR " not in (tmp_path / "home-assistant.log").read_text()
