"""Imports go one way: to the layers below, never up, and never within a layer."""

import ast
from collections.abc import Iterator
from pathlib import Path
import sys

import pytest

_FLUKSO = Path(__file__).parents[1] / "custom_components" / "flukso"

#: The layers of the package, the lowest first: its folders, and the modules beside them.
LAYERS = (
    ("protocol", "metering", "const"),
    ("models", "entity_lookup", "sensor_descriptions"),
    ("redaction", "supply_descriptions", "help_pages", "formats"),
    ("transport", "storage"),
    ("meter",),
    ("supply", "history", "waveform", "health", "devices", "meter_search", "meter_card"),
    ("installation_report", "energy_dashboard", "statistics_correction"),
    ("entity", "repairs", "migration", "options_flow", "rediscovery"),
    ("supply_entities", "history_entities", "port_entities"),
    (
        *("services", "sensor", "binary_sensor", "image", "diagnostics", "config_flow", "logbook"),
        "dashboard_strategy",
    ),
    ("__init__",),
)
_LAYER_OF = {part: number for number, layer in enumerate(LAYERS) for part in layer}
#: The layers that know nothing of Home Assistant.
_PURE = ("protocol", "metering")
#: What they may use besides Python: the JSON parser that every Home Assistant has.
_LIBRARIES = {"orjson"}


def _imports(source: str, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The modules that a module in a package imports at run time, relative ones as full paths."""
    for node in _run_time_nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield tuple(str(node.module).split("."))
        elif isinstance(node, ast.ImportFrom):
            names = node.module.split(".") if node.module else []
            base = (*package[: len(package) - node.level + 1], *names)
            # "from . import x" names modules; "from .x import y" names what is in one.
            yield from ((*base, *alias.name.split(".")) for alias in node.names)


def _run_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _run_time_nodes(node)


def _part(path: tuple[str, ...]) -> str | None:
    """The folder or module of a full path in the integration; None for what is outside."""
    if path[:2] != ("custom_components", "flukso"):
        return None
    return path[2]


def _modules() -> list[Path]:
    return sorted(_FLUKSO.rglob("*.py"))


def path_of(module: Path) -> tuple[str, ...]:
    return ("custom_components", "flukso", *module.relative_to(_FLUKSO).with_suffix("").parts)


def imported_parts(source: str, path: tuple[str, ...]) -> set[str]:
    """The other folders and modules of the integration that a module imports at run time."""
    parts = {_part(imported) for imported in _imports(source, path[:-1])}
    return {part for part in parts if part is not None and part != path[2]}


def _wrong_imports(source: str, path: tuple[str, ...]) -> set[str]:
    """The imports of a module that are not of a layer below, nor of its own folder."""
    parts = imported_parts(source, path)
    return {part for part in parts if _LAYER_OF[part] >= _LAYER_OF[path[2]]}


def test_every_folder_and_module_has_a_layer() -> None:
    parts = {path_of(module)[2] for module in _modules()}
    assert parts == _LAYER_OF.keys()


@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(_FLUKSO)))
def test_a_module_imports_only_from_the_layers_below_and_its_own_folder(module: Path) -> None:
    assert _wrong_imports(module.read_text("utf-8"), path_of(module)) == set()


@pytest.mark.parametrize("layer", _PURE)
def test_a_pure_layer_imports_nothing_but_itself_python_and_the_json_parser(layer: str) -> None:
    foreign = {
        f"{module.relative_to(_FLUKSO)}: {'.'.join(imported)}"
        for module in (_FLUKSO / layer).rglob("*.py")
        for imported in _imports(module.read_text("utf-8"), path_of(module)[:-1])
        if imported[0] not in sys.stdlib_module_names | _LIBRARIES and _part(imported) != layer
    }
    assert foreign == set()


@pytest.mark.parametrize(
    "line",
    [
        "from ..supply.totals import Total",
        "from ..entity import FluksoEntity",
        "from .. import entity",
        "from custom_components.flukso.sensor import FluksoSensor",
        "import custom_components.flukso.sensor",
        "def f():\n    from ..services import history",
    ],
)
def test_an_import_from_above_or_beside_is_noticed(line: str) -> None:
    assert _wrong_imports(line, ("custom_components", "flukso", "history", "backfill"))


@pytest.mark.parametrize(
    "line",
    [
        "from .audit import Audit",
        "from ..meter.channel import Channel",
        "from ..const import DOMAIN",
        "from homeassistant.core import HomeAssistant",
        "if TYPE_CHECKING:\n    from ..entity import FluksoEntity",
    ],
)
def test_an_import_from_below_is_fine(line: str) -> None:
    assert not _wrong_imports(line, ("custom_components", "flukso", "history", "backfill"))
