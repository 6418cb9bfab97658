"""The imports of a meter's past: written, kept in Home Assistant's storage folder, and undone."""

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.singleton import singleton
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, EVENT_HISTORY_IMPORTED
from ..entity_lookup import sensor_entity_id, sensor_entry
from ..metering.past_rows import PastRows
from ..storage import Storage
from .fill_file import Fill
from .fill_log import FillLog, RestoreFailure, async_load_fill_log
from .import_file import Import, Imported, as_stored, read_imports
from .statistics_past import (
    Portion,
    async_is_there,
    async_plan_past,
    async_prepend,
    async_reduce,
)

_VERSION = 1


class ImportLog:
    """The imports of a meter; at most one of them is running.

    Before rows are written, the file has what will have been written: a write that Home Assistant's
    end has cut short is finished or taken back before the next.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str, fill_log: FillLog) -> None:
        self._hass = hass
        self.fill_log = fill_log
        self._storage = Storage(
            hass,
            _VERSION,
            f"{DOMAIN}.{entry_id}.imports",
            lambda: as_stored(self.imports),
            contents="record of imported hours",
        )
        self.imports: list[Import] = []
        self._removed = False
        fill_log.is_needed = self._is_within

    @property
    def running(self) -> Import | None:
        """The import that is not finished."""
        last = self.imports[-1] if self.imports else None
        return last if last is not None and last.is_running else None

    async def async_load(self) -> None:
        """Load the stored imports; where the file is unreadable, they can no longer be undone."""
        self.imports = await self._storage.async_load(read_imports) or []

    async def async_save(self) -> None:
        """Write the file, after an import was changed."""
        await self._storage.async_save()

    async def async_remove(self) -> None:
        """Delete the file, and write no further rows."""
        self._removed = True
        await self._storage.async_remove()

    async def async_begin(self, since: int, at: float) -> None:
        """Begin an import of the hours since a time (s since 1970).

        Raises:
            HomeAssistantError: another is running.
        """
        if self.running is not None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="import_running")
        self.imports.append(Import(at, since))
        await self.async_save()

    async def async_end(self, ended: Import) -> None:
        """Finish an import; one that has imported nothing is forgotten."""
        ended.is_running = False
        if not ended.imported and ended in self.imports:
            self.imports.remove(ended)
        await self.async_save()

    async def async_write(
        self, running: Import, unique_id: str, past: PastRows, unit: str | None
    ) -> bool:
        """Write the rows of an entity, which are in ``unit``, before its first row.

        Returns whether all was written that can be: not if its rows were changed meanwhile.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None:
            return True
        async with self.fill_log.lock:
            await self._async_settle(running, statistic_id, unique_id)
            portions = await async_plan_past(self._hass, statistic_id, past, unit)
        earlier = running.imported.get(unique_id)
        for portion in portions:
            async with self.fill_log.lock:
                is_stopped = self._removed or not running.is_running
                if is_stopped or not await self._async_write(
                    running, statistic_id, unique_id, portion, earlier
                ):
                    return False
        if portions:
            self._fire_event(statistic_id, running.imported[unique_id])
        return True

    async def _async_write(
        self,
        running: Import,
        statistic_id: str,
        unique_id: str,
        portion: Portion,
        earlier: Imported | None,
    ) -> bool:
        """Write a portion, after those that were imported ``earlier``."""
        before, after = portion.before, portion.after
        if not await async_is_there(self._hass, statistic_id, before, before):
            return False
        known = running.imported.get(unique_id)
        if earlier is not None:
            before, after = before.joined(earlier.put), after.joined(earlier.put)
        running.imported[unique_id] = Imported(unique_id, before, pending=after)
        try:
            await self._storage.async_save_surely()
        except HomeAssistantError:
            running.imported.pop(unique_id)
            if known is not None:
                running.imported[unique_id] = known
            raise
        is_written = await async_prepend(self._hass, statistic_id, portion)
        await self._async_settle(running, statistic_id, unique_id)
        return is_written

    async def _async_settle(self, running: Import, statistic_id: str, unique_id: str) -> None:
        """Finish, or else take back, what was begun to be written of an entity."""
        part = running.imported.get(unique_id)
        if part is None or part.pending is None:
            return
        put, pending = part.put, part.pending
        amount = pending.lift - put.lift
        if await async_is_there(self._hass, statistic_id, pending, put):
            await self.fill_log.async_shift(unique_id, put.begin, amount)
            put = pending
        elif added := await async_reduce(self._hass, statistic_id, put):
            await self.fill_log.async_shift(unique_id, put.begin, amount)
            await self.fill_log.async_shift(unique_id, put.begin, added)
        running.imported[unique_id] = Imported(unique_id, put)
        if not put.hours:
            del running.imported[unique_id]
        await self.async_save()

    async def async_restore(self) -> list[tuple[Imported, RestoreFailure | None]]:
        """Undo the last import: take away its rows, and what the rows after them were lifted by.

        Fills of these hours are undone, too. Where the rows were changed since by something else,
        they are left as they are, with the reason. An undoing that was cut short is continued.

        Raises:
            HomeAssistantError: the recorder is too busy, or failed.
        """
        last = self.imports[-1]
        last.is_running = False
        results: list[tuple[Imported, RestoreFailure | None]] = []
        async with self.fill_log.lock:
            if last not in self.imports:
                return []  # it was undone while this waited
            if not last.is_undone:
                for unique_id in list(last.imported):
                    reason = await self._async_refusal(last, unique_id)
                    if reason is not None:
                        results.append((last.imported.pop(unique_id), reason))
                last.is_undone = True
                await self.async_save()
            for unique_id, part in list(last.imported.items()):
                results.append((part, await self._async_undo(part)))
                del last.imported[unique_id]
                await self.async_save()
            self.imports.remove(last)
            await self.async_save()
        return results

    def _is_within(self, fill: Fill) -> bool:
        """Return whether a fill lies in what an import has put there."""
        parts = (each.imported.get(fill.unique_id) for each in self.imports)
        return any(
            part.put.begin <= hour <= part.put.end
            for part in parts
            if part is not None
            for hour in fill.hours
        )

    async def _async_refusal(self, last: Import, unique_id: str) -> RestoreFailure | None:
        """Return why the rows of an entity can't be taken away."""
        statistic_id = sensor_entity_id(self._hass, unique_id)
        if statistic_id is None:
            return RestoreFailure.GONE
        await self._async_settle(last, statistic_id, unique_id)
        part = last.imported.get(unique_id)
        if part is None:
            return None
        put = part.put
        await self.fill_log.async_restore_within(unique_id, put.begin, put.end + 1)
        is_there = await async_is_there(self._hass, statistic_id, put)
        return None if is_there else RestoreFailure.CHANGED

    async def _async_undo(self, part: Imported) -> RestoreFailure | None:
        statistic_id = sensor_entity_id(self._hass, part.unique_id)
        if statistic_id is None:
            return RestoreFailure.GONE
        added = await async_reduce(self._hass, statistic_id, part.put.nothing)
        if added is None:
            return RestoreFailure.CHANGED
        await self.fill_log.async_shift(part.unique_id, part.put.end, added)
        return None

    @callback
    def _fire_event(self, entity_id: str, part: Imported) -> None:
        entity = sensor_entry(self._hass, part.unique_id)
        data = {
            ATTR_ENTITY_ID: entity_id,
            ATTR_DEVICE_ID: entity and entity.device_id,
            "begin": dt_util.utc_from_timestamp(part.put.begin).isoformat(),
            "end": dt_util.utc_from_timestamp(part.put.end).isoformat(),
            "hours": part.put.hours,
            "amount": part.amount,
            "unit": part.put.unit,
        }
        self._hass.bus.async_fire(EVENT_HISTORY_IMPORTED, data)


@singleton(f"{DOMAIN}_imports")
def _import_logs(_hass: HomeAssistant) -> dict[str, ImportLog]:
    """Return the import logs loaded since Home Assistant started, by config entry id."""
    return {}


async def async_load_import_log(hass: HomeAssistant, entry_id: str) -> ImportLog:
    """Return a meter's import log; a reload gets the same one, as rows may be being written."""
    import_logs = _import_logs(hass)
    if entry_id not in import_logs:
        import_log = ImportLog(hass, entry_id, await async_load_fill_log(hass, entry_id))
        await import_log.async_load()
        import_logs[entry_id] = import_log
    return import_logs[entry_id]


async def async_remove_import_log(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the import log of a meter, and its file."""
    import_log = _import_logs(hass).pop(entry_id, None)
    if import_log is None:
        import_log = ImportLog(hass, entry_id, FillLog(hass, entry_id))
    await import_log.async_remove()
