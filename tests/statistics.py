"""Hourly statistics as the recorder keeps them: left behind by a test, and looked at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    STATISTIC_UNIT_TO_UNIT_CONVERTER,
    async_import_statistics,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

HOUR = 3600

#: What is kept of an hour.
type Columns = tuple[float | None, ...]


async def leave_counter(
    hass: HomeAssistant,
    statistic_id: str,
    unit: str | None,
    hours: Sequence[tuple[int, float | None, float | None]],
    last_reset: datetime | None = None,
) -> None:
    """Leave hours of a counter: when each began, its state, its sum."""
    rows: list[StatisticData] = [
        {
            "start": dt_util.utc_from_timestamp(hour),
            "state": state,
            "sum": total,
            "last_reset": last_reset,
        }
        for hour, state, total in hours
    ]
    await _leave(hass, statistic_id, unit, rows, has_sum=True)


async def leave_gauge(
    hass: HomeAssistant,
    statistic_id: str,
    unit: str | None,
    hours: Sequence[tuple[int, float]],
    spread: float = 3,
) -> None:
    """Leave hours of a gauge: when each began, its mean, and extremes that far from it."""
    rows: list[StatisticData] = [
        {
            "start": dt_util.utc_from_timestamp(hour),
            "mean": mean,
            "min": mean / spread,
            "max": mean * spread,
        }
        for hour, mean in hours
    ]
    await _leave(hass, statistic_id, unit, rows)


async def leave_angle(
    hass: HomeAssistant, statistic_id: str, hours: Sequence[tuple[int, float]]
) -> None:
    """Leave hours of an angle: when each began, and its mean direction."""
    rows: list[StatisticData] = [
        {"start": dt_util.utc_from_timestamp(hour), "mean": mean, "mean_weight": HOUR}
        for hour, mean in hours
    ]
    await _leave(hass, statistic_id, "°", rows, mean_type=StatisticMeanType.CIRCULAR)


async def _leave(
    hass: HomeAssistant,
    statistic_id: str,
    unit: str | None,
    rows: list[StatisticData],
    *,
    has_sum: bool = False,
    mean_type: StatisticMeanType = StatisticMeanType.ARITHMETIC,
) -> None:
    converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(unit)
    metadata = StatisticMetaData(
        mean_type=StatisticMeanType.NONE if has_sum else mean_type,
        has_sum=has_sum,
        name=None,
        source="recorder",
        statistic_id=statistic_id,
        unit_class=converter.UNIT_CLASS if converter else None,
        unit_of_measurement=unit,
    )
    async_import_statistics(hass, metadata, rows)
    await async_wait_recording_done(hass)


async def table(
    hass: HomeAssistant,
    statistic_id: str,
    names: Sequence[str] = ("state", "sum", "mean", "min", "max", "last_reset_ts"),
) -> dict[int, Columns]:
    """All that the database has of a statistic, by hour."""
    await async_wait_recording_done(hass)

    def read() -> dict[int, Columns]:
        columns: Any = Statistics.__table__.columns
        told = [columns[name] for name in names]
        with session_scope(hass=hass, read_only=True) as session:
            query = (
                session.query(columns["start_ts"], *told)
                .join(StatisticsMeta, StatisticsMeta.id == columns["metadata_id"])
                .filter(StatisticsMeta.statistic_id == statistic_id)
                .order_by(columns["start_ts"])
            )
            return {int(start): tuple(values) for start, *values in query}

    return await get_instance(hass).async_add_executor_job(read)
