"""Home Assistant's WebSocket API: commands with a result, and streams of events."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import itertools
from typing import Any, Self

import aiohttp

_LARGEST_MESSAGE = 64 * 1024 * 1024


class CommandError(Exception):
    """Home Assistant refused a command."""

    def __init__(self, command: str, code: str, message: str) -> None:
        super().__init__(f"{command}: {code}: {message}")
        self.command = command
        self.code = code
        self.message = message


class WebSocket:
    """One signed-in connection; any number of commands and subscriptions at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Use an open, signed-in socket; `connect` opens one."""
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, asyncio.Queue[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, session: aiohttp.ClientSession, url: str, token: str) -> Self:
        """Open a connection and sign in.

        Args:
            session: the HTTP client to use.
            url: Home Assistant's address.
            token: an access token.

        Raises:
            CommandError: the token was not accepted.
        """
        socket = await session.ws_connect(f"{url}/api/websocket", max_msg_size=_LARGEST_MESSAGE)
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token})
        reply = await socket.receive_json()
        if reply["type"] != "auth_ok":
            await socket.close()
            raise CommandError("auth", reply["type"], reply.get("message", ""))
        return cls(socket)

    async def close(self) -> None:
        """Close the connection; pending commands raise `ConnectionError`."""
        await self._socket.close()
        await self._reader

    async def call(self, command: str, **fields: Any) -> Any:
        """Send a command and return its result.

        Raises:
            CommandError: Home Assistant refused it.
            ConnectionError: the connection ended before the result arrived.
        """
        return await self._send(next(self._ids), command, fields)

    @contextlib.asynccontextmanager
    async def events(
        self, event_type: str | None = None, command: str = "subscribe_events", **fields: Any
    ) -> AsyncIterator[asyncio.Queue[Any]]:
        """Collect events in a queue for as long as the context lasts.

        Args:
            event_type: the type of event on Home Assistant's bus; all of them by default.
            command: another command that subscribes, with its `fields`.
            **fields: the fields of that command.
        """
        if event_type is not None:
            fields["event_type"] = event_type
        number = next(self._ids)
        queue = self._streams[number] = asyncio.Queue()
        try:
            await self._send(number, command, fields)
            yield queue
        finally:
            del self._streams[number]
            with contextlib.suppress(ConnectionError, CommandError):
                await self.call("unsubscribe_events", subscription=number)

    async def _send(self, number: int, command: str, fields: dict[str, Any]) -> Any:
        if self._reader.done():
            raise ConnectionError("the connection has ended")
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_json({"id": number, "type": command, **fields})
            reply = await answer
        finally:
            del self._answers[number]
        if not reply["success"]:
            raise CommandError(command, reply["error"]["code"], reply["error"]["message"])
        return reply.get("result")

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.json())
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the connection has ended"))

    def _take(self, message: Any) -> None:
        number = message["id"]
        if message["type"] == "event" and number in self._streams:
            self._streams[number].put_nowait(message["event"])
        elif message["type"] == "result" and number in self._answers:
            answer = self._answers[number]
            if not answer.done():
                answer.set_result(message)
