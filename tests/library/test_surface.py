"""`import nimbus_tui`: what it offers, how little it brings, and that type checkers see it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nimbus_tui

ROOT = Path(nimbus_tui.__file__).parent


@pytest.mark.parametrize("name", nimbus_tui.__all__)
def test_every_name_that_is_offered_is_there(name: str) -> None:
    assert getattr(nimbus_tui, name) is not None
    assert name in dir(nimbus_tui)


def test_type_checkers_are_told_of_the_same_names_from_the_same_places() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    told = {
        (alias.name, node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module != "importlib"
        for alias in node.names
    } - {("__version__", "nimbus_tui.core.version")}
    rooms = {(name, room) for room, names in nimbus_tui._ROOMS.items() for name in names}
    assert told == rooms
    assert {name for name, _ in rooms} | {"__version__"} == set(nimbus_tui.__all__)


def test_another_name_is_an_error_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'backtets'"):
        _ = nimbus_tui.backtets  # type: ignore[attr-defined]


def test_everything_public_has_its_text() -> None:
    silent = [
        name
        for name in nimbus_tui.__all__
        if callable(getattr(nimbus_tui, name)) and not getattr(nimbus_tui, name).__doc__
    ]
    assert silent == []


USER = """\
from pathlib import Path

import nimbus_tui
from nimbus_tui import BacktestReport, BaseTradingStrategy, HostedEngine, Plan, View

report: BacktestReport = nimbus_tui.backtest(Path("a.toml"), data={"ETH/USDC": ["a.csv"]})
count: int = report.bots[nimbus_tui.BotId("eth")].fills


async def watch(engine: HostedEngine) -> None:
    async for event in engine.subscribe("orderFilled"):
        if isinstance(event, nimbus_tui.events.OrderFilled):
            reveal_type(event.fill.price)
    await engine.execute(nimbus_tui.commands.PauseBot(nimbus_tui.BotId("eth")))


nimbus_tui.backtets
count = nimbus_tui.backtest("a.toml", data=1)
"""


def test_a_type_checker_sees_the_types_and_the_mistakes(tmp_path: Path) -> None:
    user = tmp_path / "user.py"
    user.write_text(USER)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--cache-dir",
            str(tmp_path / "cache"),
            str(user),
        ],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [
        line.partition("user.py:")[2] for line in done.stdout.splitlines() if "user.py" in line
    ]
    assert [line.partition(":")[0] for line in found] == ["13", "17", "18", "18"], done.stdout
    assert '"decimal.Decimal"' in found[0]
    assert "has no attribute" in found[1] or "Module" in found[1]
