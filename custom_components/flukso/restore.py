"""What Home Assistant keeps of counters and ledgers over a restart, and how it is read again."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, override

from homeassistant.helpers.restore_state import ExtraStoredData

from .ledger import LedgerState
from .metering.demand import DemandState, Peak
from .metering.guard import CounterState, Mark
from .metering.netting import NettingState
from .metering.summing import SumState
from .protocol.quantities import Unit


@dataclass(frozen=True, slots=True)
class Kept(ExtraStoredData):
    """A dataclass among the extra data of an entity, as JSON."""

    state: CounterState | LedgerState
    unit: Unit

    @override
    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self.state), "unit": self.unit}


def counter_from(stored: ExtraStoredData | None, unit: Unit) -> CounterState | None:
    """The state of a counter in that unit, or None for what is of another shape or unit."""
    return _read(_counter, stored, unit)


def ledger_from(stored: ExtraStoredData | None) -> LedgerState | None:
    """The state of a ledger, or None for what is of another shape."""
    return _read(_ledger, stored, Unit.WATT_HOUR)


def _read[State](
    read: Callable[[dict[str, Any]], State], stored: ExtraStoredData | None, unit: Unit
) -> State | None:
    try:
        kept = stored.as_dict() if stored else {}
        return read(kept) if kept["unit"] == unit else None
    except ArithmeticError, KeyError, TypeError, ValueError, AttributeError:
        return None


def _counter(kept: dict[str, Any]) -> CounterState:
    mark = kept["mark"]
    return CounterState(
        Mark(int(mark["time"]), float(mark["value"]), float(mark["at"])),
        float(kept["offset"]),
        int(kept["rid"]),
    )


def _ledger(kept: dict[str, Any]) -> LedgerState:
    netting = kept["netting"]
    return LedgerState(
        NettingState(
            int(netting["time"]),
            _values(netting["values"]),
            float(netting["imported"]),
            float(netting["exported"]),
        ),
        _sum(kept["imported"]),
        _sum(kept["exported"]),
        _demand(kept["demand"]),
        {str(key): _counter(counter) for key, counter in kept["counters"].items()},
    )


def _sum(kept: dict[str, Any] | None) -> SumState | None:
    return None if kept is None else SumState(float(kept["total"]), _values(kept["values"]))


def _values(kept: dict[str, Any]) -> dict[str, float]:
    return {str(key): float(value) for key, value in kept.items()}


def _demand(kept: dict[str, Any]) -> DemandState:
    peak = kept["peak"]
    return DemandState(
        int(kept["time"]),
        float(kept["energy"]),
        _number(kept["begin_energy"]),
        _number(kept["last"]),
        None if peak is None else Peak(float(peak["demand"]), int(peak["quarter"])),
    )


def _number(kept: Any) -> float | None:
    return None if kept is None else float(kept)
