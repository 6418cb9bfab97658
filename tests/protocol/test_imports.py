"""The two lower layers stand alone: no Home Assistant, nor each other, nor what is above them."""

import ast
from collections.abc import Iterator
from pathlib import Path
import sys

import pytest

_FLUKSO = Path(__file__).parents[2] / "custom_components" / "flukso"


def _foreign_imports(source: str, depth: int = 0) -> Iterator[str]:
    """What a module ``depth`` folders below its layer imports from beyond layer and Python."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [str(node.module)]
        elif isinstance(node, ast.ImportFrom) and node.level > depth + 1:
            modules = ["." * node.level + (node.module or "")]
        else:
            continue
        yield from (
            module for module in modules if module.split(".")[0] not in sys.stdlib_module_names
        )


@pytest.mark.parametrize("layer", ["protocol", "metering"])
def test_a_lower_layer_imports_nothing_but_itself_and_python(layer: str) -> None:
    foreign = {
        f"{path.relative_to(_FLUKSO)}: {module}"
        for path in (_FLUKSO / layer).rglob("*.py")
        for module in _foreign_imports(
            path.read_text("utf-8"), len(path.relative_to(_FLUKSO / layer).parents) - 1
        )
    }
    assert foreign == set()


@pytest.mark.parametrize(
    "line",
    [
        "import homeassistant",
        "import homeassistant.core as ha",
        "from homeassistant.core import HomeAssistant",
        "from custom_components.flukso.protocol import wire",
        "import json, custom_components.flukso.const",
        "from . import wire, config; from .. import const",
        "from ..metering.guard import Guard",
        "from ...flukso import const",
        "def f():\n    import homeassistant",
        "if TYPE_CHECKING:\n    from ..meter import Meter",
        "import voluptuous",
    ],
)
def test_an_import_from_beyond_the_layer_is_noticed(line: str) -> None:
    assert len(list(_foreign_imports(line))) == 1


@pytest.mark.parametrize(
    "line",
    ["import json", "from math import trunc", "from . import wire", "from .wire import load"],
)
def test_an_import_from_the_layer_or_python_is_fine(line: str) -> None:
    assert not list(_foreign_imports(line))


def test_a_folder_of_the_layer_may_import_from_the_layer() -> None:
    assert not list(_foreign_imports("from ..wire import load", depth=1))
    assert list(_foreign_imports("from ...const import DOMAIN", depth=1)) == ["...const"]
