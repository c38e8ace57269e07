"""The picture in the architecture page is the house that stands, and names are the trade's own."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nimbus_tui"
MODULES = sorted(PACKAGE.rglob("*.py"))

BANNED_WORDS = frozenset(
    {"utils", "util", "helpers", "helper", "common", "misc", "manager", "processor", "service"}
    | {"enhanced", "v2"}
)
ALLOWED_NAMES = frozenset({"order_manager", "OrderManager"})
BANNED_FUNCTIONS = re.compile(r"^_*(do_|handle_data$)")


def rooms_in_the_picture() -> set[str]:
    """The folders that the tree in docs/architecture.md lists right under `nimbus_tui/`."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = page.split("nimbus_tui/\n", 1)[1].split("```", 1)[0]
    return set(re.findall(r"^├── (\w+)/|^└── (\w+)/", tree, re.MULTILINE) and _names(tree))


def _names(tree: str) -> Iterator[str]:
    for match in re.finditer(r"^[├└]── (\w+(?:\.py)?)/?\s", tree, re.MULTILINE):
        yield match.group(1)


def rooms_that_stand() -> set[str]:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    files = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}
    return folders | files


def words(name: str) -> set[str]:
    """`OrderManager` and `order_manager` → order, manager."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}
