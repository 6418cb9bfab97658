import ast
from pathlib import Path
import sys

SOURCES = sorted(Path(__file__).resolve().parents[2].joinpath("simulator").glob("*.py"))


def test_the_simulator_needs_the_standard_library_and_an_mqtt_client_only() -> None:
    assert SOURCES
    needed = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Import):
                needed |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                needed.add(str(node.module).split(".")[0])
    assert needed - sys.stdlib_module_names == {"paho"}
