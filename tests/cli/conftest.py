"""An app on a shell's terminal, cleared away with its engine afterwards."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.app_terminal import EngineHome, ShellTerminal

OpenTerminal = Callable[..., ShellTerminal]


@pytest.fixture
def engine_home(tmp_path: Path) -> Iterator[EngineHome]:
    home = EngineHome(tmp_path)
    yield home
    home.clear()


@pytest.fixture
def open_terminal(engine_home: EngineHome) -> Iterator[OpenTerminal]:
    opened: list[ShellTerminal] = []

    def open_one(*program: str, rows: int = 24, columns: int = 80) -> ShellTerminal:
        opened.append(ShellTerminal(engine_home, *program, rows=rows, columns=columns))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def app(engine_home: EngineHome, open_terminal: OpenTerminal) -> ShellTerminal:
    """A shell in whose foreground the app shows its first prices."""
    terminal = open_terminal()
    terminal.types(engine_home.command())
    terminal.sees("last price")
    engine_home.about()
    return terminal
