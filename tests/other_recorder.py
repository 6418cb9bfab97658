"""Recorders that lack something of today's that is not public, or have it in another shape."""

from collections.abc import Callable, Iterable
import sys

from homeassistant.components import recorder
from homeassistant.components.recorder import Recorder, db_schema, get_instance, statistics
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.core import HomeAssistant
import pytest

type Change = Callable[[pytest.MonkeyPatch], None]

WARNING = "Home Assistant's recorder has changed"


def _no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(recorder, "db_schema")
    monkeypatch.setitem(sys.modules, db_schema.__name__, None)


def _no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(db_schema, "Statistics")


def _other_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db_schema, "Statistics", db_schema.States)


def _no_table_of_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(db_schema, "StatisticsShortTerm")


def _no_import_into_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is public goes on, by another name."""
    table, queue = db_schema.Statistics, Recorder.async_import_statistics

    def queue_rows(
        hass: HomeAssistant, metadata: StatisticMetaData, rows: Iterable[StatisticData]
    ) -> None:
        queue(get_instance(hass), metadata, rows, table)

    monkeypatch.setattr(statistics, "_async_import_statistics", queue_rows)
    monkeypatch.delattr(Recorder, "async_import_statistics")


def _import_by_other_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Recorder.async_import_statistics

    def queue_rows(
        self: Recorder,
        metadata: StatisticMetaData,
        rows: Iterable[StatisticData],
        kind: type[db_schema.Statistics],
    ) -> None:
        queue(self, metadata, rows, kind)

    monkeypatch.setattr(Recorder, "async_import_statistics", queue_rows)


CHANGES = {
    "no schema": _no_module,
    "no table of hours": _no_table,
    "a table with other columns": _other_columns,
    "no table of five minutes": _no_table_of_five_minutes,
    "no import into a table": _no_import_into_a_table,
    "an import with other arguments": _import_by_other_arguments,
}

#: For a test that is to hold with each of them.
OTHER_RECORDER = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
