"""Strategies of other packages, found where packages lie: used, refused in words, or ignored."""

import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.version import __version__
from nimbus_tui.strategies import factory
from nimbus_tui.strategies.grid import GridStrategy
from tests.installed import STRATEGY, install


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages on the search path."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def refusal(name: str) -> str:
    with pytest.raises(ConfigError) as caught:
        factory.strategy_class(name)
    return str(caught.value)


def test_a_strategy_of_another_package_has_a_name_like_ours(site: Path) -> None:
    install(site, "dips-one", STRATEGY, {"dip": "DipStrategy"})
    assert factory.strategy_names() == [*factory.BUILTIN, "dip"]
    assert factory.strategy_class("dip").__name__ == "DipStrategy"
    assert factory.unusable_offers() == []


def test_one_that_does_not_say_its_interface_is_taken(site: Path) -> None:
    silent = STRATEGY.replace("    interface = 1\n", "")
    install(site, "dips-silent", silent, {"dip": "DipStrategy"})
    assert factory.strategy_class("dip").__name__ == "DipStrategy"


def test_a_built_in_name_stays_ours_and_that_is_said(site: Path) -> None:
    install(site, "dips-taking", STRATEGY, {"grid": "DipStrategy"})
    assert factory.strategy_class("grid") is GridStrategy
    assert factory.strategy_names().count("grid") == 1
    (sentence,) = factory.unusable_offers()
    assert "dips-taking 1.0 (dips_taking:DipStrategy) offers a strategy 'grid'" in sentence
    assert "is built in" in sentence


def test_a_name_that_two_packages_offer_is_nobodys(site: Path) -> None:
    install(site, "dips-left", STRATEGY, {"dip": "DipStrategy"})
    install(site, "dips-right", STRATEGY, {"dip": "DipStrategy"}, version="2.0")
    said = refusal("dip")
    assert "dips-left 1.0" in said
    assert "dips-right 2.0" in said
    assert "uninstall one" in said
    assert factory.unusable_offers() == [said]


def test_an_unknown_name_names_the_nearest(site: Path) -> None:
    install(site, "dips-near", STRATEGY, {"dip": "DipStrategy"})
    assert "did you mean 'dip'?" in refusal("dipp")


BROKEN = {
    "a module that is missing something": (
        "import nowhere_at_all",
        ("can't be loaded: ModuleNotFoundError: No module named 'nowhere_at_all'",),
    ),
    "a module with a mistake": ("def (", ("can't be loaded: SyntaxError",)),
    "a module that raises": ("1 / 0", ("can't be loaded: ZeroDivisionError: division by zero",)),
    "a module that ends the program": (
        "raise SystemExit(3)",
        ("can't be loaded: SystemExit: 3",),
    ),
    "a class that isn't there": ("", ("can't be loaded: AttributeError",)),
    "a class of another kind": (
        "class Odd: ...",
        ("can't be used: it is not a subclass of nimbus_tui.BaseTradingStrategy",),
    ),
    "a function": ("def Odd(): ...", ("it is not a subclass",)),
    "a class for another interface": (
        STRATEGY.replace("interface = 1", "interface = 7").replace("DipStrategy", "Odd"),
        (f"interface 7, and nimbus-tui {__version__} has interface 1", "fit each other"),
    ),
    "a class without a Config": (
        STRATEGY.replace("    Config = DipConfig\n", "").replace("DipStrategy", "Odd"),
        ("its Config is not a subclass of nimbus_tui.StrategyConfig",),
    ),
    "a class whose State is none": (
        STRATEGY.replace("State = DipState", "State = int").replace("DipStrategy", "Odd"),
        ("its State is not a subclass of nimbus_tui.StrategyState",),
    ),
    "a class without a plan": (
        STRATEGY.replace("def plan(", "def plans(").replace("DipStrategy", "Odd"),
        ("it has no plan()",),
    ),
    "a config that no file can hold": (
        STRATEGY.replace("below_percent: Decimal = Decimal(1)", "size: range").replace(
            "DipStrategy", "Odd"
        ),
        ("its Config can't be read from a file", "range"),
    ),
    "a name that we don't have": (
        "from nimbus_tui.core.plan import Intentions",
        ("can't be loaded: ImportError", f"this is nimbus-tui {__version__}"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_is_told_with_package_module_and_reason(
    name: str, site: Path, request: pytest.FixtureRequest
) -> None:
    code, words = BROKEN[name]
    package = f"odd-{list(BROKEN).index(name)}"
    install(site, package, code, {"odd": "Odd"}, version="0.3")
    said = refusal("odd")
    assert f"{package} 0.3 ({package.replace('-', '_')}:Odd)" in said
    for part in words:
        assert part in said
    assert factory.unusable_offers() == [said]
    assert factory.strategy_class("grid") is GridStrategy


def test_a_package_for_another_version_is_told_which_it_asks_for(site: Path) -> None:
    install(
        site, "odd-asks", "1 / 0", {"odd": "Odd"}, requires="nimbus-tui>=7,<8 ; python_version>'3'"
    )
    said = refusal("odd")
    assert said.endswith(f"it asks for nimbus-tui>=7,<8, and this is nimbus-tui {__version__}")


def test_a_package_that_prints_while_it_is_loaded_does_not_spoil_data(tmp_path: Path) -> None:
    install(tmp_path, "dips-loud", f"print('hello')\n{STRATEGY}", {"dip": "DipStrategy"})
    script = "from nimbus_tui.strategies.factory import strategy_class; strategy_class('dip')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "hello\n")


def test_listing_the_names_loads_no_package(site: Path) -> None:
    install(site, "odd-unloaded", "1 / 0", {"odd": "Odd"})
    assert "odd" in factory.strategy_names()


def test_a_strategy_that_cannot_be_made_is_told_with_its_bot(site: Path) -> None:
    code = STRATEGY.replace("return DipState()", "raise ValueError('no state')")
    install(site, "dips-unmade", code, {"dip": "DipStrategy"})
    config = factory.strategy_class("dip").Config(symbol="ETH/USDC")  # type: ignore[call-arg]
    with pytest.raises(
        ConfigError, match=r"bots\.eth: the strategy 'dip' can't be made: .*no state"
    ):
        factory.create("dip", "eth", config, {})  # type: ignore[arg-type]
