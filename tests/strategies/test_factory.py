"""Strategies are found by name, and a broken plugin is told in words."""

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId
from nimbus_tui.strategies.factory import BUILTIN, create, strategy_class, strategy_names
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.simulation.worlds import instrument

GOOD = """
from nimbus_tui.core.plan import Plan
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState

class QuietConfig(StrategyConfig, frozen=True, kw_only=True):
    symbol: str

class QuietStrategy(BaseTradingStrategy[QuietConfig, StrategyState]):
    Config = QuietConfig
    State = StrategyState

    def initial_state(self):
        return StrategyState()

    def plan(self, view):
        return Plan()
"""

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with one strategy where Python finds packages."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, source: str) -> None:
        module = f"plugin_{tmp_path.name.replace('-', '_')}_{name}"
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        entry = f"[nimbus_tui.strategies]\n{name} = {module}:QuietStrategy\n"
        (info / "entry_points.txt").write_text(entry)

    return put


def test_every_built_in_name_leads_to_its_class() -> None:
    assert {name: strategy_class(name).__name__ for name in BUILTIN} == {"grid": "GridStrategy"}


def test_a_bot_is_created_with_its_config_and_instruments() -> None:
    traded = instrument()
    config = GridConfig(symbol=traded.symbol, levels=3, spacing=Decimal(1), quote_size=Decimal(100))
    bot = create("grid", BotId("eth"), config, {traded.symbol: traded})
    assert isinstance(bot, GridStrategy)
    assert (bot.bot_id, bot.config, bot.instrument) == ("eth", config, traded)


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown strategy 'gird'; did you mean 'grid'\?"):
        strategy_class("gird")


def test_a_name_like_no_other_is_answered_with_all_that_are_allowed() -> None:
    with pytest.raises(ConfigError, match=r"unknown strategy 'zzz'; allowed: grid"):
        strategy_class("zzz")


def test_no_strategy_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys; from nimbus_tui.strategies.factory import strategy_names; strategy_names();"
        "print('nimbus_tui.strategies.grid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_plugin_is_offered_after_the_built_in_ones_and_can_be_used(install: Install) -> None:
    install("quiet", GOOD)
    assert strategy_names() == [*BUILTIN, "quiet"]
    assert strategy_class("quiet").__name__ == "QuietStrategy"


def test_a_plugin_cannot_take_a_built_in_name(install: Install) -> None:
    install("grid", GOOD)
    assert strategy_names() == list(BUILTIN)
    assert strategy_class("grid") is GridStrategy


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_package", "can't be loaded: ModuleNotFoundError: No module named"),
        ("1 / 0", "can't be loaded: ZeroDivisionError: division by zero"),
        ("raise SystemExit('bye')", "can't be loaded: SystemExit: bye"),
        ("QuietStrategi = 1", "can't be loaded: AttributeError: .* 'QuietStrategy'"),
        ("QuietStrategy = 1", "is no subclass of BaseTradingStrategy"),
        (GOOD.replace("Config = QuietConfig", "Config = dict"), "needs a Config that is a"),
        (GOOD.replace("    State = StrategyState\n", ""), "needs a State that is a StrategyState"),
    ],
)
def test_a_broken_plugin_is_a_config_error_with_its_reason(
    install: Install, source: str, reason: str
) -> None:
    install("quiet", source)
    with pytest.raises(
        ConfigError, match=rf"strategy 'quiet' \(plugin_.*:QuietStrategy\).*{reason}"
    ):
        strategy_class("quiet")
