"""Platinum: how the code is made."""

import ast
import configparser
import threading

from homeassistant.core import HomeAssistant

from tests.direct import MetersBroker, set_up_directly
from tests.meters import flm03

from .scale import MANIFEST, REPOSITORY, answer, imported, trees

#: What waits for a network, a disk or a clock while nothing else can run.
BLOCKING = {"requests", "urllib.request", "http.client", "subprocess", "sqlite3"}
#: What can wait, and what of it is used in the event loop: nothing that does.
CLIENT = "mqtt_connection.py"


def test_async_dependency_is_nothing_to_claim_without_a_library_and_nothing_blocks() -> None:
    assert answer("async-dependency")["status"] == "exempt"
    assert MANIFEST.get("requirements", []) == []
    assert not {name for name in imported() if name in BLOCKING or name.split(".")[0] in BLOCKING}
    calls = {
        (path.name, ast.unparse(node.func))
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    blocking = {call for call in calls if call[1] in {"open", "time.sleep", "sleep"}}
    workers = ("tmpo_block", "block_timeline", "gauge_hours", "past_block")
    of_supply = ("packed_readings", "readings_cache", "supply_replay")
    rests = {(f"{name}.py", "sleep") for name in (*workers, *of_supply)}
    assert blocking == rests, "a worker alone may rest, to let the loop go on"


def test_async_dependency_lets_the_event_loop_resolve_and_connect() -> None:
    """And one module alone has a socket, which never blocks."""
    [client] = [tree for path, tree in trees() if path.name == CLIENT]
    calls = [node for node in ast.walk(client) if isinstance(node, ast.Call)]
    called = {ast.unparse(call.func) for call in calls}

    with_socket = {
        path.name
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) and ast.unparse(node) == "import socket"
    }
    assert with_socket == {CLIENT}
    assert {name for name in called if name.startswith("socket.")} == set()
    assert {"self._loop.getaddrinfo", "start_connection"} <= called


async def test_async_dependency_reads_from_a_meter_without_a_thread(
    hass: HomeAssistant, own_broker: MetersBroker
) -> None:
    await own_broker.publish(flm03())

    entry = await set_up_directly(hass, flm03(), own_broker.address)

    transport = entry.runtime_data.transport
    assert transport.connected
    assert transport._connection._socket.gettimeout() == 0, "it never blocks"
    assert not [thread.name for thread in threading.enumerate() if "paho" in thread.name]


def test_inject_websession_has_no_session_to_inject() -> None:
    assert not {name for name in imported() if name.split(".")[0] in {"aiohttp", "httpx"}}


def test_strict_typing_is_enforced() -> None:
    settings = configparser.ConfigParser()
    settings.read(REPOSITORY / "setup.cfg")

    assert settings["mypy"].getboolean("strict")
    assert "custom_components" in settings["mypy"]["files"]
    codes = settings["mypy"]["enable_error_code"].replace(",", " ").split()
    assert set(codes) >= {
        *("deprecated", "explicit-override", "ignore-without-code", "redundant-self"),
        "truthy-iterable",
    }
    assert settings["mypy"].getboolean("warn_unreachable")
    assert "mypy" in (REPOSITORY / "scripts" / "lint").read_text("utf-8")
    for path, _ in trees():
        for line in path.read_text("utf-8").splitlines():
            if "type: ignore" in line:
                assert line.partition("type: ignore")[2].partition("#")[2].strip(), path


def test_strict_typing_leaves_any_to_the_edge() -> None:
    """Home Assistant's own interfaces ask for it, in what a user entered and what was stored."""
    using = {
        path.name
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in ("Any", "typing.Any")
    }

    assert using == {
        *("config_flow.py", "options_flow.py", "step.py"),
        "extra_data.py",
    }


def test_strict_typing_knows_what_an_entry_holds() -> None:
    """A plain ConfigEntry would leave its runtime data untyped."""
    naming = {
        path.name
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.alias | ast.Name) and ast.unparse(node) == "ConfigEntry"
    }

    assert naming == {"models.py"}
