"""The real Home Assistant, in its own process, with a signed-in administrator."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
import sys
from typing import Self

import aiohttp

from . import configuration, launch
from .client import Client
from .ports import LOOPBACK, free_port
from .process import Process, environment_without
from .waiting import eventually

COMPONENT = Path(__file__).resolve().parent.parent / "custom_components" / "flukso"

_USER = "demo"


class HomeAssistant:
    """A Home Assistant that can be started, stopped, killed and started again on its folder."""

    def __init__(
        self,
        folder: Path,
        *,
        component: Path | None = COMPONENT,
        port: int | None = None,
        passwordless: bool = False,
        levels: Mapping[str, str] | None = None,
        country: str = "BE",
        commit_interval: int = 1,
        extra: str = "",
        more: Iterable[Path] = (),
    ) -> None:
        """Configure it without starting it.

        Args:
            folder: the folder of its configuration folder `config` and its log.
            component: the folder of a custom integration, this repository's by default.
            port: its port on the loopback address; a free port by default.
            passwordless: whether a user can sign in without a password, from this machine.
            levels: log levels by logger name; the default is info.
            country: its country.
            commit_interval: the recorder's commit interval (s); Home Assistant's default is 5 s.
            extra: further text of configuration.yaml.
            more: folders of further custom integrations.
        """
        self.port = port or free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.config = folder / "config"
        #: The file of its recorder.
        self.database = self.config / "home-assistant_v2.db"
        self._prepare = partial(
            configuration.prepare,
            self.config,
            self.port,
            component,
            passwordless=passwordless,
            levels=levels,
            country=country,
            commit_interval=commit_interval,
            extra=extra,
            more=more,
        )
        #: The environment variables of its process, used at the next start.
        self.environment = environment_without("PYTHONPATH") | {"HA_DISABLE_LOG_FILE": "true"}
        self._process = Process(
            "Home Assistant",
            [sys.executable, "-P", launch.__file__, "--config", self.config, "--skip-pip"],
            folder / "home-assistant.log",
            folder=folder,
            environment=self.environment,
        )
        self._session: aiohttp.ClientSession | None = None
        self._client: Client | None = None
        self._token = ""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def client(self) -> Client:
        """The signed-in administrator, while Home Assistant runs."""
        if self._client is None:
            raise RuntimeError("Home Assistant has not been started")
        return self._client

    @property
    def log(self) -> Path:
        """The log file of Home Assistant, over all starts."""
        return self._process.log

    @property
    def running(self) -> bool:
        """Whether the process is running."""
        return self._process.running

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid

    def check(self) -> None:
        """Raise `ProcessError`, with the end of the log, when it is not running."""
        self._process.check()

    def tail(self, lines: int = 30) -> str:
        """Return the last lines of the log."""
        return self._process.tail(lines)

    async def start(self, within: float = 120) -> None:
        """Start it, make or use its administrator, and wait until it has started altogether.

        Args:
            within: seconds.

        Raises:
            ProcessError: it ended instead; the text ends with its log's last lines.
            TimeoutError: it was not ready in time.
        """
        self._prepare()
        await self._process.start()
        await self._process.listens(self.port, within)
        self._session = aiohttp.ClientSession()
        if not self._token:
            self._token = await self._onboard(self._session)
        self._client = await Client.connect(self._session, self.url, self._token)
        await eventually(self._started, "Home Assistant to start", within)

    async def stop(self) -> None:
        """Shut it down normally, so that all data is saved."""
        await self._hang_up()
        await self._process.stop(60)

    async def kill(self) -> None:
        """Kill it, as in a power failure: data that is not saved yet is lost.

        Home Assistant saves config entries within a second and the registries within ten.
        """
        await self._hang_up()
        await self._process.kill()

    async def restart(self, within: float = 120) -> None:
        """Shut it down and start it with the same folder, within so many seconds."""
        await self.stop()
        await self.start(within)

    async def _hang_up(self) -> None:
        if self._client is not None:
            await self._client.close()
        if self._session is not None:
            await self._session.close()
        self._client = self._session = None

    async def _started(self) -> bool:
        self._process.check()
        return bool((await self.client.get("/api/config"))["state"] == "RUNNING")

    async def _onboard(self, session: aiohttp.ClientSession) -> str:
        """Create the administrator, and return a long-lived access token."""
        here = f"{self.url}/"
        user = {"name": "Demo", "username": _USER, "password": _USER, "language": "en"}

        async def made() -> str | None:
            self._process.check()
            async with session.post(
                f"{self.url}/api/onboarding/users", json={"client_id": here, **user}
            ) as response:
                return (await response.json())["auth_code"] if response.ok else None

        code = await eventually(made, "Home Assistant's onboarding")
        async with session.post(
            f"{self.url}/auth/token",
            data={"client_id": here, "grant_type": "authorization_code", "code": code},
        ) as response:
            short_lived = (await response.json())["access_token"]
        client = await Client.connect(session, self.url, short_lived)
        token: str = await client.call(
            "auth/long_lived_access_token", client_name="stack", lifespan=365
        )
        await client.close()
        return token
