"""A meter that announces itself on the network, in a network namespace without a way out."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

from .parts import require_browser, require_namespace

_CHECKOUT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.parametrize(
    "file",
    ["own_network.py", "five_steps.py"],
    ids=["is added and followed to another address", "is in both dashboards after five steps"],
)
def test_an_announced_meter(file: str, tmp_path: Path) -> None:
    """What the file asserts, which is run in a network of its own."""
    require_browser()
    own_network = [*require_namespace(), "env", f"CI={os.environ.get('CI', '')}"]
    tests = Path(__file__).with_name(file)
    options = ["-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'tests'}"]

    ran = subprocess.run(
        [*own_network, sys.executable, "-m", "pytest", *options, tests],
        cwd=_CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout
