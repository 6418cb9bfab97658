"""Functions of the recorder that are not public: deleting single rows, writing five-minute rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import signature
import logging

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from homeassistant.helpers.singleton import singleton

from ..const import DOMAIN

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Internals:
    """Functions of the recorder that are not public."""

    delete: Callable[[int, Sequence[int]], None]
    write_short_term: Callable[[StatisticMetaData, list[StatisticData]], None]


@singleton(f"{DOMAIN}_recorder_internals")
def internals_of(hass: HomeAssistant) -> Internals | None:
    """Return them; None, with a warning, if this release of Home Assistant has changed them."""
    try:
        from homeassistant.components.recorder import db_schema  # noqa: PLC0415 # may not exist

        hourly, five_minutes = db_schema.Statistics, db_schema.StatisticsShortTerm
        row_id, start = hourly.metadata_id, hourly.start_ts
        import_rows = get_instance(hass).async_import_statistics
        signature(import_rows).bind(None, (), table=five_minutes)
    except (ImportError, AttributeError, TypeError) as error:
        _LOGGER.warning(
            "Home Assistant's recorder has changed (%s): hours that are undone keep a row without "
            "consumption, and five-minute statistics are not migrated",
            error,
        )
        return None

    def delete(statistic: int, hours: Sequence[int]) -> None:
        with session_scope(hass=hass) as session:
            for hour in hours:
                rows = session.query(hourly).filter(row_id == statistic, start == hour)
                rows.delete(synchronize_session=False)

    return Internals(delete, partial(import_rows, table=five_minutes))
