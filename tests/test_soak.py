"""What `scripts/soak` measures."""

import pytest

from soak.load import until_after_the_hour

from .statistics import HOUR


@pytest.mark.parametrize(
    ("now", "pause"),
    [
        (HOUR, 60),
        (HOUR + 30, 30),
        (HOUR + 60, 0),
        (2 * HOUR - 601, 0),
        (2 * HOUR - 600, 660),
        (2 * HOUR - 1, 61),
    ],
)
def test_no_full_hour_is_within_the_ten_minutes(now: float, pause: float) -> None:
    assert until_after_the_hour(now, 600) == pause
