"""What an import really brings along: lazy and indirect imports that static analysis can't see."""

import subprocess
import sys

import pytest

SCREEN_AND_NETWORK = frozenset({"textual", "aiohttp", "websockets", "httpx"})
CRYPTOGRAPHY = frozenset({"coincurve", "Crypto", "cryptography"})
OUTSIDE_WORLD = SCREEN_AND_NETWORK | {"asyncio", "rich", "sqlite3"}

PURE_ROOMS = (
    "nimbus_tui.core",
    "nimbus_tui.accounting",
    "nimbus_tui.strategies",
    "nimbus_tui.risk",
    "nimbus_tui.orders",
    "nimbus_tui.tui.viewmodels",
)

IMPORT_ALL = """
import importlib, pkgutil, sys
room = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(room, "__path__", []), room.__name__ + "."):
    importlib.import_module(module.name)
print("\\n".join({name.partition(".")[0] for name in sys.modules}))
"""


def packages_brought_by(module: str) -> set[str]:
    """The top-level packages in memory after importing a module with all that is inside it."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, module], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_pure_room_brings_no_screen_network_database_or_event_loop(room: str) -> None:
    assert packages_brought_by(room) & OUTSIDE_WORLD == set()


def test_the_command_line_brings_no_screen_and_no_network() -> None:
    assert packages_brought_by("nimbus_tui.cli.main") & SCREEN_AND_NETWORK == set()


@pytest.mark.parametrize(
    "room",
    [
        "nimbus_tui.cli",
        "nimbus_tui.bootstrap",
        "nimbus_tui.exchanges",
        "nimbus_tui.engine",
        "nimbus_tui.vault",
    ],
)
def test_nothing_brings_a_library_that_signs_or_seals_before_there_is_a_key(room: str) -> None:
    assert packages_brought_by(room) & CRYPTOGRAPHY == set()


IMPORT_ALONE = """
import sys
before = set(sys.modules)
import nimbus_tui
print("\\n".join(set(sys.modules) - before))
"""


def test_the_library_brings_nothing_until_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALONE], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {"nimbus_tui", "nimbus_tui.core", "nimbus_tui.core.version"}


def test_the_words_of_a_strategy_bring_no_screen_network_database_or_event_loop() -> None:
    words = (
        "from nimbus_tui import BaseTradingStrategy, Plan, View, Side, Fill, LadderPanel, events"
    )
    script = f"import sys; {words}; print('\\n'.join({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) & OUTSIDE_WORLD == set()


def test_a_backtest_brings_no_screen_and_no_network() -> None:
    assert packages_brought_by("nimbus_tui.library") & SCREEN_AND_NETWORK == set()


def test_the_probe_sees_what_a_module_brings() -> None:
    assert "sqlite3" in packages_brought_by("nimbus_tui.journal")
