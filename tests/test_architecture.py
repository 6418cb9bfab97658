"""docs/architecture.md tells a newcomer where everything is, so it names every module."""

from pathlib import Path
import re

from .test_imports import LAYERS

_ROOT = Path(__file__).parents[1]
_PACKAGE = _ROOT / "custom_components" / "flukso"
_PAGE = (_ROOT / "docs" / "architecture.md").read_text("utf-8")
#: Home Assistant asks for these by name, and everybody knows what is in them.
_KNOWN_BY_NAME = {"__init__.py", "const.py"}


def test_the_page_names_every_module_of_a_folder_and_none_that_is_not_there() -> None:
    modules = {path.name for path in _PACKAGE.rglob("*.py")} - _KNOWN_BY_NAME
    named = set(re.findall(r"`(?:[a-z_]+/)?([a-z_]+\.py)`", _PAGE))
    at_the_top = {path.name for path in _PACKAGE.glob("*.py")}
    assert modules - at_the_top <= named
    assert {name for name in named if name != "test_imports.py"} <= modules


def test_the_picture_names_every_folder_and_module() -> None:
    named = set(re.findall(r"[a-z_0-9]+", _PAGE.split("```")[1]))
    parts = {part for layer in LAYERS for part in layer} - {"const", "__init__"}
    assert parts - named == set()
