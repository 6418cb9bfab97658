"""The dashboard's strategy as Home Assistant's frontend calls it, run in a browser."""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
import json
from pathlib import Path
import subprocess
from typing import Any
from urllib.parse import unquote

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

import custom_components.flukso as integration

from .end_to_end.parts import require_browser

type Json = dict[str, Any]

MODULE = Path(integration.__file__).parent / "frontend" / "dashboard.js"

#: What the frontend calls the fields of a registered entity, by what they are called on the wire.
_FIELDS = {
    "ei": "entity_id",
    "di": "device_id",
    "pl": "platform",
    "tk": "translation_key",
    "hb": "hidden",
}
_PAGE = """\
<!doctype html><body><script type="module">
%(module)s
const hass = %(hass)s;
hass.callWS = async ({ type }) => {
  if (type === "energy/get_prefs" && hass.preferences) return hass.preferences;
  throw { code: "unknown_command" };
};
const strategy = customElements.get("ll-strategy-dashboard-flukso");
%(script)s
document.body.textContent = btoa(encodeURIComponent(JSON.stringify(result)));
</script></body>
"""


async def frontend_of(hass: HomeAssistant, connect: WebSocketGenerator) -> Json:
    """What the frontend knows: the registries and the states."""
    assert await async_setup_component(hass, "config", {})
    client = await connect(hass)

    async def call(command: str) -> Any:
        await client.send_json_auto_id({"type": command})
        return (await client.receive_json())["result"]

    entities = (await call("config/entity_registry/list_for_display"))["entities"]
    devices = await call("config/device_registry/list")
    states = await call("get_states")
    await client.close()
    return {
        "language": "en",
        "entities": {
            each["ei"]: {_FIELDS[key]: each[key] for key in each.keys() & _FIELDS.keys()}
            for each in entities
        },
        "devices": {each["id"]: each for each in devices},
        "states": {each["entity_id"]: each for each in states},
    }


def run(folder: Path, frontend: Json, script: str) -> Any:
    """What a script leaves in ``result``, which has the ``strategy`` and the ``hass``."""
    page = folder / "strategy.html"
    code = _PAGE % {
        "module": MODULE.read_text("utf-8"),
        "hass": json.dumps(frontend).replace("</", "<\\/"),
        "script": script,
    }
    page.write_text(code, "utf-8")
    shown = subprocess.run(
        [
            *(require_browser(), "--headless=new", "--no-sandbox", "--disable-gpu"),
            *(f"--user-data-dir={folder / 'browser'}", "--virtual-time-budget=2000"),
            *("--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    ).stdout
    return decoded(shown)


def decoded(shown: str) -> Any:
    """The result in the text of a page."""
    _, _, body = shown.partition("<body>")
    return json.loads(unquote(b64decode(body.partition("</body>")[0]).decode()))


def views(folder: Path, frontend: Json) -> list[Json]:
    """The views of the dashboard."""
    script = "const result = (await strategy.generate({ type: 'custom:flukso' }, hass)).views;"
    found: list[Json] = run(folder, frontend, script)
    return found


def headings(view: Json) -> list[str]:
    """What the sections of a view are called."""
    return [section["cards"][0]["heading"] for section in view["sections"]]


def section(view: Json, heading: str) -> Sequence[Json]:
    """The cards of a section, without its heading."""
    [cards] = [
        section["cards"][1:]
        for section in view["sections"]
        if section["cards"][0]["heading"] == heading
    ]
    return list(cards)


def entity_ids(shown: object) -> Iterator[str]:
    """The entities that are shown by a view, a section or a card."""
    if isinstance(shown, Mapping):
        if isinstance(shown.get("entity"), str):
            yield shown["entity"]
        for each in shown.values():
            yield from entity_ids(each)
    elif isinstance(shown, list):
        for each in shown:
            yield from entity_ids(each)
