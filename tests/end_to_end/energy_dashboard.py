"""What the counters of the demo's meter have counted, as the Energy dashboard should show it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
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


async def used_yesterday(client: Client) -> Mapping[str, float]:
    """What the counters counted in the day before this one, by the statistics there are."""
    today = datetime.now(ZoneInfo("Europe/Brussels")).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    days = await client.call(
        "recorder/statistics_during_period",
        start_time=(today - timedelta(days=1)).isoformat(),
        end_time=(today - timedelta(seconds=1)).isoformat(),
        statistic_ids=sorted(COUNTERS),
        period="day",
        types=["change"],
    )
    return {entity_id: sum(day["change"] for day in found) for entity_id, found in days.items()}
