"""The actions of a user of Home Assistant's frontend, over its API."""

from collections.abc import Sequence
from typing import Any, Self

import aiohttp

from .ports import LOOPBACK
from .waiting import eventually
from .websocket import WebSocket

type Json = dict[str, Any]

_FLOW = "/api/config/config_entries/flow"
_OPTIONS_FLOW = "/api/config/config_entries/options/flow"
_ENTRY = "/api/config/config_entries/entry"


class ApiError(Exception):
    """Home Assistant answered a request with an error."""

    def __init__(self, request: str, status: int, text: str) -> None:
        super().__init__(f"{request}: {status}: {text}")
        self.status = status
        self.text = text


class FlowError(Exception):
    """A flow did not end as expected; `result` is its last result."""

    def __init__(self, result: Json) -> None:
        errors = result.get("errors") or {}
        super().__init__(result.get("reason") or ", ".join(errors.values()) or result["type"])
        self.result = result


class Client:
    """A signed-in administrator."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        """Use `connect`, which opens the WebSocket too."""
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._token = token
        self.websocket: WebSocket

    @classmethod
    async def connect(cls, session: aiohttp.ClientSession, url: str, token: str) -> Self:
        """Sign in with an access token at Home Assistant's address."""
        client = cls(session, url, token)
        client.websocket = await WebSocket.connect(session, url, token)
        return client

    async def close(self) -> None:
        """Close the connection."""
        await self.websocket.close()

    # Requests and commands.

    async def get(self, path: str) -> Any:
        """Return the answer to a GET request; raise `ApiError` if it is an error."""
        return await self._request("GET", path)

    async def post(self, path: str, body: Json | None = None) -> Any:
        """Return the answer to a POST request; raise `ApiError` if it is an error."""
        return await self._request("POST", path, body or {})

    async def delete(self, path: str) -> Any:
        """Return the answer to a DELETE request; raise `ApiError` if it is an error."""
        return await self._request("DELETE", path)

    async def _request(self, method: str, path: str, body: Json | None = None) -> Any:
        async with self._session.request(
            method, f"{self._url}{path}", json=body, headers=self._headers
        ) as response:
            if not response.ok:
                raise ApiError(f"{method} {path}", response.status, await response.text())
            return await response.json()

    async def call(self, command: str, **fields: Any) -> Any:
        """Return the result of a WebSocket command; raise `CommandError` if it is refused."""
        return await self.websocket.call(command, **fields)

    async def call_service(self, domain: str, service: str, **data: Any) -> Any:
        """Call an action, and wait until it is done."""
        return await self.post(f"/api/services/{domain}/{service}", data)

    async def act(self, domain: str, action: str, *, answers: bool = True, **data: Any) -> Json:
        """Call an action; what it answers, if it ``answers`` anything."""
        result = await self.call(
            "call_service",
            domain=domain,
            service=action,
            service_data=data,
            return_response=answers,
        )
        response: Json = result["response"] if answers else {}
        return response

    # Config flows.

    async def start_flow(self, domain: str) -> Json:
        """Start to add an integration manually; return the first form."""
        form: Json = await self.post(_FLOW, {"handler": domain})
        return form

    async def reconfigure(self, domain: str, entry_id: str) -> Json:
        """Start to reconfigure a config entry; return the first form."""
        form: Json = await self.post(_FLOW, {"handler": domain, "entry_id": entry_id})
        return form

    async def submit(self, flow_id: str, answers: Json | None = None) -> Json:
        """Submit a form of a flow; return its result (`type`: form, create_entry, abort)."""
        result: Json = await self.post(f"{_FLOW}/{flow_id}", answers)
        return result

    async def flows_in_progress(self, domain: str | None = None) -> list[Json]:
        """Return the discovered flows that wait for the user."""
        flows: list[Json] = await self.call("config_entries/flow/progress")
        return [flow for flow in flows if domain in (None, flow["handler"])]

    async def discovered(self, domain: str, count: int = 1, within: float = 30) -> list[Json]:
        """Wait until the integration has that many discovered flows."""

        async def enough() -> list[Json]:
            flows = await self.flows_in_progress(domain)
            return flows if len(flows) >= count else []

        return await eventually(enough, f"{count} discovered {domain}", within)

    async def confirm(self, flow_id: str, answers: Json | None = None) -> Json:
        """Submit a form that must create the entry, and return that config entry.

        A form that is shown afterwards is closed.

        Raises:
            FlowError: the flow did not end there.
        """
        result = await self.submit(flow_id, answers)
        if result["type"] != "create_entry":
            raise FlowError(result)
        entry: Json = result["result"]
        if following := result.get("next_flow"):
            await self.delete(f"{_OPTIONS_FLOW}/{following[1]}")
        return entry

    async def add_mqtt(
        self,
        port: int,
        host: str = LOOPBACK,
        *,
        protocol: str = "5",
        username: str | None = None,
        password: str | None = None,
    ) -> Json:
        """Add Home Assistant's MQTT integration, and return its config entry.

        Args:
            port: the broker's port.
            host: the broker's name or address.
            protocol: the MQTT version: 5, 3.1.1 or 3.1.
            username: for brokers that require one.
            password: for brokers that require one.

        Raises:
            FlowError: Home Assistant could not connect, for instance.
        """
        form = await self.start_flow("mqtt")
        if form["type"] == "abort":
            raise FlowError(form)
        credentials = {"username": username, "password": password}
        return await self.confirm(
            form["flow_id"],
            {
                "broker": host,
                "port": port,
                "protocol": protocol,
                **{name: value for name, value in credentials.items() if value is not None},
                "other_settings": {"set_client_cert": False, "set_ca_cert": "off"},
            },
        )

    async def enter_address(
        self, domain: str, port: int, *, entry_id: str | None = None, host: str = LOOPBACK
    ) -> Json:
        """Enter a meter's address, to add it or to reconfigure its entry; return the next form.

        Args:
            domain: the integration, whose first form may be a menu of ways.
            port: the port of the meter's own broker.
            entry_id: the config entry to reconfigure.
            host: the meter's address.
        """
        form = await (self.reconfigure(domain, entry_id) if entry_id else self.start_flow(domain))
        if form["type"] == "menu":
            form = await self.submit(form["flow_id"], {"next_step_id": "direct"})
        return await self.submit(form["flow_id"], {"host": host, "port": port})

    async def add_directly(self, domain: str, port: int, device_id: str | None = None) -> Json:
        """Add a meter by its address on the loopback device, and return its config entry.

        Args:
            domain: the integration.
            port: the port of the meter's own broker.
            device_id: which one, if several are found there.

        Raises:
            FlowError: it was not found.
        """
        form = await self.enter_address(domain, port)
        if form.get("step_id") == "meter":
            form = await self.submit(form["flow_id"], {"device_id": device_id})
        if form.get("step_id") != "confirm":
            raise FlowError(form)
        return await self.confirm(form["flow_id"])

    # Config entries.

    async def entries(self, domain: str | None = None) -> list[Json]:
        """Return the config entries, of one integration or all."""
        query = f"?domain={domain}" if domain else ""
        entries: list[Json] = await self.get(f"{_ENTRY}{query}")
        return entries

    async def set_options(self, entry_id: str, options: Json) -> Json:
        """Go through an options form, which may be in a menu; returns the flow's result."""
        form = await self.post(_OPTIONS_FLOW, {"handler": entry_id})
        if form["type"] == "menu":
            step = {"next_step_id": "settings"}
            form = await self.post(f"{_OPTIONS_FLOW}/{form['flow_id']}", step)
        result: Json = await self.post(f"{_OPTIONS_FLOW}/{form['flow_id']}", options)
        return result

    async def reload_entry(self, entry_id: str) -> None:
        """Reload a config entry."""
        await self.post(f"{_ENTRY}/{entry_id}/reload")

    async def diagnostics(self, entry_id: str) -> Json:
        """Download the diagnostics of a config entry."""
        report: Json = await self.get(f"/api/diagnostics/config_entry/{entry_id}")
        return report

    # States and registries.

    async def states(self) -> dict[str, Json]:
        """Return the states of all entities by entity id (`state`, `attributes`, times)."""
        return {state["entity_id"]: state for state in await self.call("get_states")}

    async def entities(self, platform: str | None = None) -> list[Json]:
        """Return the registered entities, of one integration or all."""
        entities: list[Json] = await self.call("config/entity_registry/list")
        return [entity for entity in entities if platform in (None, entity["platform"])]

    async def import_statistics(self, listed: Json, rows: Sequence[Json]) -> None:
        """Import hourly rows of a statistic, as `recorder/list_statistic_ids` lists it."""
        metadata = {
            "source": "recorder",
            "name": None,
            "statistic_id": listed["statistic_id"],
            "mean_type": listed["mean_type"],
            "has_sum": listed["has_sum"],
            "unit_class": listed["unit_class"],
            "unit_of_measurement": listed["statistics_unit_of_measurement"],
        }
        await self.call("recorder/import_statistics", metadata=metadata, stats=rows)

    async def update_entity(self, entity_id: str, **changes: Any) -> Json:
        """Change a registered entity, for instance `disabled_by=None` to enable it."""
        result: Json = await self.call(
            "config/entity_registry/update", entity_id=entity_id, **changes
        )
        return result

    async def devices(self, entry_id: str | None = None) -> list[Json]:
        """Return the devices and child devices, of one config entry or all."""
        devices: list[Json] = await self.call("config/device_registry/list")
        return [device for device in devices if entry_id in (None, device["config_entry_id"])]

    async def issues(self, domain: str | None = None) -> list[Json]:
        """Return the open repairs, of one integration or all."""
        result = await self.call("repairs/list_issues")
        return [issue for issue in result["issues"] if domain in (None, issue["domain"])]
