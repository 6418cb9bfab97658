"""A clock of a program's own, which can be set while it runs: libfaketime."""

from collections.abc import Mapping
from pathlib import Path
import time

from .home_assistant import HomeAssistant

_LIBRARY = "faketime/libfaketime.so.1"


def find_faketime() -> Path | None:
    """Find the library where Debian and its relatives install it."""
    return next(Path("/usr/lib").glob(f"*/{_LIBRARY}"), None)


class Clock:
    """The wall clock of the programs that are started in its environment."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)
        self.environment: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def set(self, ahead: int) -> None:
        """Let it be that many seconds ahead, within a second."""
        self._file.write_text(f"{ahead:+d}\n")


class SettableClock:
    """The clock of a Home Assistant, which can be set ahead as it runs, together with its timers.

    It needs the custom integration `INTEGRATION`. Times are seconds since 1970.
    """

    INTEGRATION = Path(__file__).parent / "settable_clock"

    def __init__(self, home: HomeAssistant, library: Path, now: float) -> None:
        """Prepare a Home Assistant that has not been started, for a clock that tells ``now``."""
        self._environment = home.environment
        self._environment.update(
            LD_PRELOAD=str(library),
            FAKETIME_NO_CACHE="1",
            DONT_FAKE_MONOTONIC="1",
            NO_FAKE_STAT="1",
            FAKETIME_FORCE_MONOTONIC_FIX="0",
            PYTHONPATH=str(self.INTEGRATION / "start"),
        )
        self._home = home
        self._ahead = 0.0
        self.skip(now - time.time())

    @property
    def now(self) -> float:
        """What time it is."""
        return time.time() + self._ahead

    def skip(self, seconds: float) -> None:
        """Let so many seconds pass while Home Assistant is stopped."""
        self._ahead += seconds
        self._environment["FAKETIME"] = f"{self._ahead:+.6f}"

    async def advance(self, to: float) -> bool:
        """Set it to a time, unless it is later; return whether the history is being worked on."""
        answer = await self._home.client.call("settable_clock/advance", to=to)
        self._ahead = answer["now"] - time.time()
        return bool(answer["busy"])
