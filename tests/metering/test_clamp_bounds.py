"""The bounds of the checks of a clamp: the angles, the powers and the current themselves."""

import pytest

from custom_components.flukso.metering.clamp_checks import (
    ClampFigures,
    Doubt,
    Trouble,
    check_clamp,
    doubt_clamp,
)

VOLTS = 250


def clamp(
    power: float,
    angle: float,
    *,
    active: float | None = 1,
    distortion: float = 0.3,
    source: bool = False,
) -> ClampFigures:
    """A clamp with that apparent power, whose angle is that of its waveform."""
    return ClampFigures(
        active=active,
        angle=angle,
        voltage=VOLTS,
        current=power / VOLTS,
        distortion=distortion,
        source=source,
        fed=False,
    )


@pytest.mark.parametrize(
    ("of", "found"),
    [
        *((clamp(50, 150), Trouble.REVERSED), (clamp(49.5, 150), None), (clamp(50, 149.5), None)),
        *((clamp(50, 110), Trouble.WRONG_PHASE), (clamp(50, 109.5), None)),
        *((clamp(50, 130), Trouble.WRONG_PHASE), (clamp(50, 130.5), None)),
        *((clamp(500, 50), Trouble.WRONG_PHASE), (clamp(500, 49.5), None)),
        *((clamp(500, 70), Trouble.WRONG_PHASE), (clamp(500, 70.5), None)),
        (clamp(499.5, 60), None),
        (clamp(500, 120, source=True), Trouble.WRONG_PHASE),
        (clamp(499.5, 120, source=True), None),
    ],
)
def test_a_problem_is_found_from_its_bound_on(of: ClampFigures, found: Trouble | None) -> None:
    assert [finding.trouble for finding in check_clamp(of)] == ([found] if found else [])


def test_with_30_percent_of_harmonics_the_phase_is_still_checked() -> None:
    [finding] = check_clamp(clamp(500, 60))

    assert finding.figures["distortion"] == 30


def test_50_ma_are_something_connected() -> None:
    assert check_clamp(clamp(0.05 * VOLTS, 0)) == []


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        *((clamp(49.5, 0), Doubt.LITTLE_POWER), (clamp(50, 0), None), (clamp(50, 49.5), None)),
        (clamp(499.5, 50, distortion=0.5), Doubt.LITTLE_POWER),
        (clamp(500, 50, distortion=0.5), Doubt.UNCLEAR_ANGLE),
        (clamp(500, 149.5, active=None), Doubt.UNCLEAR_ANGLE),
        (clamp(500, 150, active=None), Doubt.NO_ANGLE),
        (clamp(49.5, 150, source=True), Doubt.LITTLE_POWER),
        (clamp(50, 150, source=True), None),
        (clamp(499.5, 149.5, source=True), Doubt.LITTLE_POWER),
        (clamp(500, 149.5, source=True), Doubt.UNCLEAR_ANGLE),
        (clamp(500, 90, source=True), Doubt.UNCLEAR_ANGLE),
        (clamp(500, 89.5, source=True), Doubt.SOURCE_TAKES_POWER),
    ],
)
def test_a_clamp_is_inconclusive_up_to_a_bound(of: ClampFigures, expected: Doubt | None) -> None:
    doubted = doubt_clamp(of)
    assert (doubted.doubt if doubted else None) is expected


def test_power_may_flow_back_through_a_clamp_unless_it_is_known_that_it_can_not() -> None:
    doubted = doubt_clamp(ClampFigures(active=1000, reactive=0))
    assert doubted is not None
    assert doubted.doubt is Doubt.MAY_BE_FED
