"""The programs without which nothing real can run: told of where one is missing."""

import os
from pathlib import Path
import shutil
import subprocess

import pytest
import pytest_socket

from stack import find_faketime, find_mosquitto

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_NAMESPACES = ("unshare --map-root-user --net", "unshare --net", "sudo -n unshare --net")


def require_mosquitto() -> None:
    """Skip where there is no mosquitto; in continuous integration there must be one."""
    _require(find_mosquitto(), "no mosquitto: scripts/setup could not bring one, install it")


def require_faketime() -> Path:
    """The path of libfaketime; skips where there is none, in continuous integration it must be."""
    return _require(find_faketime(), "no libfaketime: install it to set Home Assistant's clock")


def require_browser() -> str:
    """The path of Chromium; skips where there is none, in continuous integration there must be."""
    found = filter(None, map(shutil.which, _BROWSERS))
    return _require(next(found, None), "no browser: install chromium to see Home Assistant's pages")


def folder_of_pages(factory: pytest.TempPathFactory) -> Path:
    """Where everything is kept that is started to look at pages, if it can be."""
    require_mosquitto()
    require_browser()
    pytest_socket.enable_socket()
    return factory.mktemp("pages")


def require_namespace() -> list[str]:
    """The command that runs a program in a new network; skips where networks are forbidden.

    In continuous integration it must be allowed, and may take sudo.
    """
    commands = [each.split() for each in _NAMESPACES[: None if os.environ.get("CI") else 2]]
    found = next(filter(_is_allowed, commands), None)
    return _require(found, "no network namespace: unshare (util-linux) or ip (iproute2) is refused")


def _is_allowed(unshare: list[str]) -> bool:
    try:
        subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], check=True, capture_output=True)
    except OSError, subprocess.CalledProcessError:
        return False
    return True


def _require[Found](found: Found | None, otherwise: str) -> Found:
    if found is None:
        # what a user's machine lacks is named in the summary; continuous integration has all
        (pytest.fail if os.environ.get("CI") else pytest.skip)(otherwise)
    return found
