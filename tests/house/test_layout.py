"""The picture in the architecture page is the house that stands, and names are the trade's own."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nimbus_tui"
MODULES = sorted(PACKAGE.rglob("*.py"))

BANNED_WORDS = frozenset(
    {"utils", "util", "helpers", "helper", "common", "misc", "manager", "processor", "service"}
    | {"enhanced", "v2"}
)
ALLOWED_NAMES = frozenset({"order_manager", "OrderManager"})
BANNED_FUNCTION = re.compile(r"_*(do_\w+|handle_data)")
ROOM_IN_THE_PICTURE = re.compile(r"^[├└]── (\w+)/", re.MULTILINE)


def place(module: Path) -> str:
    return str(module.relative_to(ROOT))


def words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)]


def is_banned(name: str) -> bool:
    return name not in ALLOWED_NAMES and not BANNED_WORDS.isdisjoint(words(name))


def banned_names(module: Path, package: Path) -> list[str]:
    """The module's own name, and its classes and functions, as far as they say nothing."""
    parts = module.relative_to(package).with_suffix("").parts
    found = [part for part in parts if is_banned(part)]
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and is_banned(node.name):
            found.append(node.name)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            is_banned(node.name) or BANNED_FUNCTION.fullmatch(node.name)
        ):
            found.append(node.name)
    return found


def test_the_picture_in_the_architecture_page_shows_the_rooms_that_stand() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    standing = {room.parent.name for room in PACKAGE.glob("*/__init__.py")}
    assert standing == set(ROOM_IN_THE_PICTURE.findall(page))


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_every_module_says_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


def test_no_name_in_the_package_is_one_that_says_nothing() -> None:
    found = {place(module): banned_names(module, PACKAGE) for module in MODULES}
    assert {module: names for module, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("class OrderManager: ...", []),
        ("class PriceManager: ...", ["PriceManager"]),
        ("def do_trade(): ...", ["do_trade"]),
        ("async def handle_data(): ...", ["handle_data"]),
        ("def domain(): ...", []),
        ("def price_helpers(): ...", ["price_helpers"]),
    ],
)
def test_the_search_for_banned_names_finds_them(
    source: str, names: list[str], tmp_path: Path
) -> None:
    module = tmp_path / "grid.py"
    module.write_text(source)
    assert banned_names(module, tmp_path) == names
