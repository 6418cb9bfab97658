"""The pictures that the README and the documentation show; scripts/pictures takes them."""

from pathlib import Path
import re

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"


def test_the_pictures_are_those_that_are_shown_and_load_quickly() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = [
        name for page in pages for name in re.findall(r"pictures/([\w-]+\.\w+)", page.read_text())
    ]
    assert sorted({*shown}) == sorted(path.name for path in PICTURES.iterdir())
    assert all(path.stat().st_size < 150_000 for path in PICTURES.iterdir())
