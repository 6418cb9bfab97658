"""docs/architecture.md tells a newcomer where everything is, so it names every module."""

from pathlib import Path
import re

from .test_imports import LAYERS, imported_parts, path_of

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
    assert {name for name in named if not name.startswith("test_")} <= modules


def test_the_picture_names_every_folder_and_module() -> None:
    named = set(re.findall(r"[a-z_0-9]+", _PAGE.split("```")[1]))
    parts = {part for layer in LAYERS for part in layer} - {"const", "__init__"}
    assert parts - named == set()


def test_the_picture_shows_what_a_module_imports_below_it() -> None:
    rows = _PAGE.split("```")[1].splitlines()
    folders = {path.name for path in _PACKAGE.iterdir() if path.is_dir()}

    def row(part: str) -> int:
        pattern = rf"\b{part}/" if part in folders else rf"\b{part}\b"
        return next(number for number, text in enumerate(rows) if re.search(pattern, text))

    upwards = {
        f"{path[2]} imports {imported}"
        for module in _PACKAGE.rglob("*.py")
        if (path := path_of(module))[2] != "__init__"
        for imported in imported_parts(module.read_text("utf-8"), path)
        if row(imported) <= row(path[2])
    }
    assert upwards == set()
