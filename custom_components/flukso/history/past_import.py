"""The import of a meter's past: from its memory into the statistics, before their first rows."""

from collections.abc import Collection
from datetime import datetime, timedelta
import logging
from typing import Protocol

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..entity_lookup import sensor_entity_id
from ..meter.meter import Meter
from ..metering.durations import DAY, HOUR
from ..metering.past_rows import PastRows
from ..metering.rows import AngleRow, MeanRow, Row
from ..protocol.sensors import Sensor
from ..protocol.tmpo_request import sync_list, sync_topic
from ..transport.interface import Transport
from .block_reader import BlockReader
from .import_file import Import
from .import_log import ImportLog
from .not_imported import report_not_imported
from .past_counters import PastCounters
from .reaches_back import ReachesBack
from .statistics_past import async_first_row
from .statistics_store import async_statistics, is_recording

_LOGGER = logging.getLogger(__name__)

#: How often it is looked after a running import.
_INTERVAL = timedelta(minutes=1)
#: How long after the end of an hour Home Assistant has made its rows (s).
_ROWS_ARE_MADE = 300
#: The meter has answered if no block arrived for so long (s).
_QUIET = 300
#: Its answer counts as complete so long after the request, whatever still arrives (s): anybody on
#: its broker can send blocks, and it may itself send many that are known before a missing one.
_LONGEST_ANSWER = DAY
#: A counter's newest hour is in a block of level 12, which comes by itself this long after (s).
_NEWEST_BLOCK = 2.5 * HOUR
#: How often the meter is asked for blocks that don't come: by an import that has received others,
#: and by one that has received none, or too many at a time.
_MAX_ASKS, _MAX_VAIN_ASKS = 3, 24


class PastSource(Protocol):
    """Where the rows before the first ones of some entities come from."""

    def unique_ids(self) -> Collection[str]:
        """Return the entities in use of which it may have rows."""

    def sensors(self, wanted: Collection[str], *, again: bool) -> Collection[Sensor]:
        """Return the sensors whose blocks these entities need and that sent none yet.

        ``again`` returns all, because some of the blocks were lost.
        """

    def begin(self, since: int) -> None:
        """Keep the blocks since a time (s since 1970): an import begins, or continues."""

    def end(self) -> None:
        """Drop what was kept: the import is over."""

    def unit_of(self, unique_id: str) -> str | None:
        """Return the unit of the rows of an entity."""

    def part_known(self, unique_id: str) -> float:
        """Return which part of the past of an entity is known, from 0 to 1."""

    async def async_rows(
        self, unique_id: str, first: Row | MeanRow | AngleRow, *, final: bool
    ) -> PastRows | None:
        """Return the rows before the ``first`` recorded one; None while blocks are missing.

        If ``final``, no more blocks are expected.
        """


class PastImport:
    """Runs the imports of a meter: requests its blocks, and writes the rows of all sources."""

    def __init__(
        self,
        hass: HomeAssistant,
        meter: Meter,
        transport: Transport,
        blocks: BlockReader,
        import_log: ImportLog,
    ) -> None:
        self.log = import_log
        self.reaches_back = ReachesBack()
        self.counters = PastCounters(hass, meter, blocks)
        blocks.users.append(self.counters)
        self.sources: list[PastSource] = [self.counters]
        self._hass = hass
        self._meter = meter
        self._transport = transport
        self._blocks = blocks
        self._is_at_work = False
        self._is_stopped = False
        self._has_asked = False
        self._hour_without_rows: int | None = None
        self._followed: Import | None = None

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Continue an import that was running; returns a function that stops this."""
        self._note_progress()
        cancel = async_track_time_interval(
            self._hass, self.async_look, _INTERVAL, cancel_on_shutdown=True
        )

        def stop() -> None:
            self._is_stopped = True
            cancel()

        return stop

    async def async_begin(self, since: int) -> None:
        """Begin an import of the hours since a time (s since 1970).

        Raises:
            HomeAssistantError: another is running.
        """
        await self.log.async_begin(since, dt_util.utcnow().timestamp())
        self._note_progress()

    async def async_look(self, now: datetime) -> None:
        """Look after the running import, unless that is still being done."""
        if self._is_at_work or not is_recording(self._hass):
            return
        self._is_at_work = True
        try:
            await self._async_continue(now.timestamp())
        except HomeAssistantError as error:
            _LOGGER.warning("The past will be imported later: %s", error)
        finally:
            self._is_at_work = False
            self._note_progress()

    async def _async_continue(self, now: float) -> None:
        """Do what can be done now.

        Raises:
            HomeAssistantError: there is no connection, or the recorder is too busy, or failed.
        """
        if self.log.imports and self.log.imports[-1].is_undone:
            await self.log.async_restore()
        running = self.log.running
        if running is not self._followed:
            for source in self.sources:
                source.end()
                if running is not None:
                    source.begin(running.since)
            self._followed, self._has_asked = running, False
        if running is None or not await self._async_has_begun(running, now):
            return
        await self._async_ask(running, now)
        asked_at = running.asked_at or now
        is_quiet = now - max(asked_at, self._blocks.last_arrived) >= _QUIET
        if (is_quiet and not self._blocks.is_decoding) or now - asked_at >= _LONGEST_ANSWER:
            await self._async_write(running, now)

    def _waiting(self, running: Import) -> list[tuple[PastSource, str]]:
        """Return the entities whose past is not imported yet."""
        return [
            (source, unique_id)
            for source in self.sources
            for unique_id in source.unique_ids()
            if unique_id not in running.done
        ]

    async def _async_has_begun(self, running: Import, now: float) -> bool:
        """Return whether Home Assistant has made the first hourly row of an entity in use.

        It makes them soon after the end of an hour, so that after a while none is looked for.
        Once blocks were requested, it had, and some entity only has to be in use still.
        """
        hour = int(now // HOUR)
        if running.asked_at is not None:
            return any(source.unique_ids() for source in self.sources)
        waiting = self._waiting(running)
        if hour == self._hour_without_rows:
            return False
        registered = {
            entity_id: (source, unique_id)
            for source, unique_id in waiting
            if (entity_id := sensor_entity_id(self._hass, unique_id)) is not None
        }
        for entity_id in await async_statistics(self._hass, registered):
            if await self._async_first_row(*registered[entity_id]) is not None:
                return True
        if now % HOUR >= _ROWS_ARE_MADE:
            self._hour_without_rows = hour
        return False

    async def _async_first_row(
        self, source: PastSource, unique_id: str
    ) -> Row | MeanRow | AngleRow | None:
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None:
            return None
        return await async_first_row(self._hass, statistic_id, source.unit_of(unique_id))

    async def _async_ask(self, running: Import, now: float) -> None:
        """Request the blocks that are needed, unless that was done within the last hour.

        Raises:
            HomeAssistantError: there is no connection any more.
        """
        if running.asked_at is not None and now < running.asked_at + HOUR:
            return
        if not self._transport.connected or self._is_final(running, now):
            return
        again = self._blocks.has_dropped or not self._has_asked
        wanted = [unique_id for _, unique_id in self._waiting(running)]
        sensors = {
            sensor.sensor_id: sensor
            for source in self.sources
            for sensor in source.sensors(wanted, again=again)
        }
        self._has_asked, self._blocks.has_dropped = True, False
        if not sensors:
            return
        await self._transport.async_publish(
            sync_topic(self._meter.prefix, self._meter.device_id),
            sync_list(sensors.values(), running.since),
        )
        running.asked_at, running.asks = now, running.asks + 1
        await self.log.async_save()

    def _is_final(self, running: Import, now: float) -> bool:
        """Return whether no more blocks are expected."""
        if not (self._has_asked and self._blocks.last_arrived) or self._blocks.has_dropped:
            return running.asks >= _MAX_VAIN_ASKS
        is_late = running.asked_at is not None and now >= running.asked_at + _NEWEST_BLOCK
        return is_late or running.asks >= _MAX_ASKS

    async def _async_write(self, running: Import, now: float) -> None:
        """Write the rows of the entities whose past is known, and end the import after the last.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        is_final = self._is_final(running, now)
        if self._blocks.has_dropped and not is_final:
            return
        for source, unique_id in self._waiting(running):
            first = await self._async_first_row(source, unique_id)
            past = PastRows()
            if first is not None:
                rows = await source.async_rows(unique_id, first, final=is_final)
                if rows is None:
                    continue
                past = rows
            elif not is_final:
                continue
            if self._is_stopped or not running.is_running:
                return
            unit = source.unit_of(unique_id)
            if await self.log.async_write(running, unique_id, past, unit) or is_final:
                running.done.add(unique_id)
                lacks = report_not_imported(
                    self._hass,
                    self._meter.device_id,
                    unique_id,
                    past,
                    is_energy=isinstance(first, Row),
                )
                if lacks is not None:
                    running.not_imported[unique_id] = lacks
                await self.log.async_save()
            self._note_progress()
        if is_final or not self._waiting(running):
            await self.log.async_end(running)

    @callback
    def _note_progress(self) -> None:
        """Update how far the history reaches back, and the progress of the import."""
        begins = [part.put.begin for each in self.log.imports for part in each.imported.values()]
        self.reaches_back.note(min(begins, default=None), self._progress())

    def _progress(self) -> int | None:
        """Return how far the running import is, in percent."""
        running = self.log.running
        if running is None:
            return None
        parts = [
            1.0 if unique_id in running.done else source.part_known(unique_id)
            for source in self.sources
            for unique_id in source.unique_ids()
        ]
        return int(99 * sum(parts) / len(parts)) if parts else 0
