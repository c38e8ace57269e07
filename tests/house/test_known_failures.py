"""The table of known failures names every row once, and tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "known-failures.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (F\d\d) \| .* \| ([^|]+) \|$", TABLE, re.MULTILINE))
PARTS = {"Hyperliquid adapter", "rate budgets", "screens"}


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, functions)}


def test_every_row_is_there_once() -> None:
    listed = re.findall(r"^\| (F\d\d) \|", TABLE, re.MULTILINE)
    assert listed == [f"F{number:02}" for number in range(1, 31)]
    assert list(ROWS) == listed


def test_every_row_is_held_by_a_test_of_its_name_or_says_what_it_waits_for() -> None:
    for row, held_by in ROWS.items():
        named = re.findall(r"`(tests/\S+\.py)::(\w+)`", held_by)
        waits = re.findall(r"waits for: ([\w ]+)", held_by)
        assert named or waits, row
        assert set(waits) <= PARTS, row
        for path, name in named:
            assert f"test_{row.lower()}_" in name, row
            assert name in functions_of(ROOT / path), f"{row}: {path}::{name}"


def test_every_row_that_is_held_has_a_mistake_that_its_test_notices() -> None:
    files = sorted((ROOT / "tests" / "known_failures").glob("test_*bites.py"))
    bites = "".join(file.read_text(encoding="utf-8") for file in files)
    for row, held_by in ROWS.items():
        if "::" in held_by:
            assert f"test_{row.lower()}_" in bites, row
