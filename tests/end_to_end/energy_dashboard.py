"""What the counters of the demo's meter have counted, as the Energy dashboard should show it."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stack.client import Client

METER = "sensor.fluksometer"

#: The counters of the grid, solar panels, gas and water.
COUNTERS = {
    f"{METER}_{name}"
    for name in (
        "net_energy_import",
        "net_energy_export",
        "solar_energy",
        "gas_consumption",
        "water_consumption",
    )
}

_HOME = ZoneInfo("Europe/Brussels")


async def is_filled(client: Client) -> bool:
    """Whether each counter has the imported statistics of the day before yesterday.

    Those of yesterday may be Home Assistant's own: of the hour in which it was started.
    """
    day = datetime.now(_HOME).date() - timedelta(days=2)
    return (await used_on(client, day)).keys() == COUNTERS


async def used_on(client: Client, day: date) -> Mapping[str, float]:
    """What the counters counted on that day at home, by the statistics there are."""
    start, end = (datetime.combine(each, time(), _HOME) for each in (day, day + timedelta(days=1)))
    days = await client.call(
        "recorder/statistics_during_period",
        start_time=start.isoformat(),
        end_time=(end - timedelta(seconds=1)).isoformat(),
        statistic_ids=sorted(COUNTERS),
        period="day",
        types=["change"],
    )
    return {entity_id: sum(each["change"] for each in found) for entity_id, found in days.items()}
