"""What `scripts/soak` does for ten minutes and for three days, for seconds and for minutes."""

from pathlib import Path
import sys

import pytest

from soak.__main__ import report, report_days
from soak.days import live
from soak.load import measure

from .parts import require_faketime

pytestmark = pytest.mark.long

_METERS, _SECONDS = 10, 15
#: What the three clamps of a meter publish each second of sensors that are enabled.
_EACH_SECOND = 45
_MINUTE = 60


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


async def test_of_a_meter_whose_time_runs_fast_nothing_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        days = await report_days(
            live(2, tmp_path, require_faketime(), direct=True, hours=[_MINUTE] * 3)
        )

    assert [day.faults for day in days] == [[], []]
    assert all(day.published >= 3 * _MINUTE * _EACH_SECOND for day in days)
