"""What is expected after a fault: no error in the log, and statistics that are true."""

import asyncio
from collections.abc import Generator
import contextlib
import re

import pytest

from stack import HomeAssistant

from .books import recorded, sums
from .stage import Stage

_ENTRY = re.compile(r"^(?=\d{4}-\d\d-\d\d \S+ [A-Z]+ \()", re.MULTILINE)
_FAULT = re.compile(r" (ERROR|CRITICAL) \(| WARNING .*flukso|^Traceback", re.MULTILINE)
#: Home Assistant's statistics are sums of floats (Wh).
_EXACT = 2e-3
#: Seconds from what the meter counts to when it is recorded.
DELAY = 5


@contextlib.contextmanager
def only_expected_errors(home: HomeAssistant) -> Generator[list[str]]:
    """Assert that the log has no errors meanwhile but those with one of the lines yielded."""
    already = len(home.log.read_text())
    lines = [
        "which has not been tested by Home Assistant",  # said of every custom integration
        "Updating state for",  # took long, on a machine that has other work
    ]
    yield lines
    # a warning that names the folder is not about the integration, even if the checkout is "flukso"
    entries = _ENTRY.split(home.log.read_text()[already:].replace(str(home.config), ""))
    faults = [entry for entry in entries if _FAULT.search(entry)]
    unexpected = [fault for fault in faults if not any(line in fault for line in lines)]
    assert not unexpected, "".join(unexpected)


async def assert_counted(stage: Stage) -> None:
    """Switch the meter off, and assert that the statistics are what it counted."""
    await stage.switch_off()
    await asyncio.sleep(2)
    counters = {key: each["entity_id"] for key, each in (await stage.counters()).items()}
    netted = await stage.netted()
    rows = {each: recorded(stage.home, each) for each in (*counters.values(), *netted)}
    made = await sums(stage.home, [entity_id for entity_id, of in rows.items() if of])

    assert all(rows[counters[sensor_id]] for sensor_id in stage.truth.of_clamps)
    for sensor_id, entity_id in counters.items():
        if of := rows[entity_id]:
            counted = of[-1][1] - of[0][1]
            spikes = [row for row in of if row[1] > stage.truth.at(row[0] + 1)[sensor_id] + _EXACT]
            assert not spikes, entity_id
            assert made[entity_id] == pytest.approx(counted, abs=_EXACT), entity_id
    counted = made[netted[0]] - made[netted[1]]
    begin, end = (rows[netted[0]][place][0] for place in (0, -1))
    off = [
        abs(stage.truth.net(end - last) - stage.truth.net(begin - first) - counted)
        for first in range(DELAY)
        for last in range(DELAY)
    ]
    assert min(off) <= _EXACT
