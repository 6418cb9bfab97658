"""A background process with its output in a file, which is always stopped.

A stack that fails must leave nothing running, so a process is terminated, killed if it does not
end, and (on Linux) terminated by the system when its parent has ended.
"""

import asyncio
from collections.abc import Mapping, Sequence
import contextlib
import ctypes
import os
from pathlib import Path
import signal
import sys
from typing import Self

from .ports import LOOPBACK

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


class ProcessError(Exception):
    """A process has ended unexpectedly; the message includes the end of its log."""


class Process:
    """A process that can be started, stopped, killed and started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Configure the process without starting it.

        Args:
            name: its name in messages.
            command: the program and its arguments.
            log: the file to which its output is appended.
            folder: its working directory.
            environment: its environment; by default that of this process.
        """
        self.name = name
        self.command = command
        self.log = log
        self._folder = folder
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def running(self) -> bool:
        """Whether the program has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self.running else None

    async def start(self) -> None:
        """Start the process in its own session, so that it does not receive Ctrl-C."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    async def stop(self, patience: float = 20) -> None:
        """Terminate the process, and kill it if it has not ended within `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Kill the process, as in a power failure."""
        await self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Suspend the process: its connections stay open, without any data."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended process."""
        self._signal(signal.SIGCONT)

    def _signal(self, how: signal.Signals) -> None:
        if self._process is not None and self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)

    async def _end(self, how: signal.Signals) -> None:
        self._signal(how)
        if self._process is not None:
            await self._process.wait()

    async def listens(self, port: int, within: float = 15) -> None:
        """Wait until the process accepts connections on a port of the loopback address.

        Raises:
            ProcessError: it has ended.
            TimeoutError: it did not accept any within that many seconds.
        """
        async with asyncio.timeout(within):
            while not await _accepts(port):
                self.check()
                await asyncio.sleep(0.05)

    def check(self) -> None:
        """Raise `ProcessError`, with the end of the log, if the process is not running."""
        if not self.running:
            code = self._process.returncode if self._process else None
            raise ProcessError(f"{self.name} ended with code {code}:\n{self.tail()}")

    def tail(self, lines: int = 30) -> str:
        """Return the last lines of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _end_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def environment_without(*names: str) -> dict[str, str]:
    """Return this process's environment without the named variables."""
    return {name: value for name, value in os.environ.items() if name not in names}
