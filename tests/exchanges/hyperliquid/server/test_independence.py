"""The server shares nothing with the code that it tests but the clock."""

import ast
from pathlib import Path

FOLDER = Path(__file__).parent
ALLOWED = {"nimbus_tui.core.clock", "nimbus_tui.engine.clock"}


def imported(module: Path) -> set[str]:
    """The modules that a file imports, also inside of functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_the_servers_rules_are_its_own() -> None:
    modules = [path for path in FOLDER.glob("*.py") if not path.name.startswith("test_")]
    ours = {name for path in modules for name in imported(path) if name.startswith("nimbus_tui")}
    assert ours == ALLOWED
