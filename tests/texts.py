"""The texts of the integration in a language."""

import json
from pathlib import Path
from typing import Any

import custom_components.flukso as integration

_TRANSLATIONS = Path(integration.__file__).parent / "translations"


def texts(language: str) -> dict[str, Any]:
    """Every text in a language, as Home Assistant reads it."""
    read: dict[str, Any] = json.loads((_TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    return read
