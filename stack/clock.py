"""A clock of a program's own, which can be set while it runs: libfaketime."""

from collections.abc import Mapping
from pathlib import Path

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
