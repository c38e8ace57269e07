"""Bots of other packages' strategies in a config: read, checked and explained like our own."""

import json
import sys
from pathlib import Path

import pytest

from nimbus_tui.cli.main import main
from nimbus_tui.config.schema import config_schema
from nimbus_tui.strategies import factory
from tests.config.texts import GOOD, config_of, problems_of
from tests.installed import STRATEGY, install

DIP = """
[bots.dip]
strategy = "dip"
exchange = "sim"
symbol = "BTC/USDC"
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["nimbus-tui", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return int(caught.value.code or 0)


def test_its_keys_are_read_and_checked_by_its_own_rules(site: Path) -> None:
    install(site, "rules-1", STRATEGY, {"dip": "DipStrategy"})
    bots = config_of(GOOD + DIP + "below_percent = 2.5\n").bots
    assert str(bots["dip"].parameters.below_percent) == "2.5"  # type: ignore[attr-defined]
    (problem,) = problems_of(GOOD + DIP + "below_percent = -1\n")
    assert (problem.key, problem.message) == ("bots.dip.below_percent", "must be greater than 0")
    (problem,) = problems_of(GOOD + DIP + "bellow_percent = 1\n")
    assert "did you mean 'below_percent'?" in problem.message


def test_its_keys_and_texts_are_in_the_schema(site: Path) -> None:
    install(site, "schema-1", STRATEGY, {"dip": "DipStrategy"})
    table = config_schema(factory)["$defs"]["bot-dip"]
    assert table["description"] == "Buys once, a little below the first price."
    assert table["properties"]["below_percent"] == {
        "type": "number",
        "default": 1,
        "description": "How far below the first price, in percent.",
    }
    assert {"strategy", "exchange", "risk", "symbol"} < set(table["properties"])


def test_a_type_of_its_own_that_is_called_like_one_of_ours_keeps_its_values(site: Path) -> None:
    code = STRATEGY.replace(
        "class DipConfig(",
        "from enum import Enum\n\nclass GridMode(Enum):\n    '''Mine.'''\n    SLOW = 'slow'\n\n"
        "class DipConfig(",
    ).replace(
        "    below_percent:",
        "    mode: GridMode = GridMode.SLOW\n    '''Pace.'''\n    below_percent:",
    )
    install(site, "schema-2", code, {"dip": "DipStrategy"})
    definitions = config_schema(factory)["$defs"]
    assert definitions["GridMode"]["enum"] == ["arithmetic", "geometric"]
    assert definitions["dip.GridMode"]["enum"] == ["slow"]
    assert "dip.GridMode" in json.dumps(definitions["bot-dip"]["properties"]["mode"])
    assert "GridMode" in json.dumps(definitions["bot-grid"]["properties"]["mode"])


def with_body(name: str, body: str) -> str:
    """The strategy with another body of one of its class methods."""
    line = next(line for line in STRATEGY.splitlines() if f"def {name}(" in line)
    return STRATEGY.replace(line, f"{line}\n        {body}")


WITH_SYMBOLS = STRATEGY.replace(
    "    @classmethod\n    def validate",
    "    @classmethod\n    def symbols(cls, config):\n        BODY\n\n"
    "    @classmethod\n    def validate",
)

FAILING = {
    "validate raises": (with_body("validate", "raise RuntimeError('oops')"), "RuntimeError: oops"),
    "validate ends the program": (with_body("validate", "raise SystemExit(1)"), "SystemExit: 1"),
    "validate returns text": (with_body("validate", "return 'bad'"), "list of Problem, not str"),
    "validate returns pairs": (
        with_body("validate", "return [('a', 'b')]"),
        "Problem(key, message)",
    ),
    "symbols raises": (WITH_SYMBOLS.replace("BODY", "raise KeyError('a')"), "KeyError: 'a'"),
    "symbols is empty": (WITH_SYMBOLS.replace("BODY", "return ()"), "one or more symbols"),
    "symbols is text": (WITH_SYMBOLS.replace("BODY", "return 'ETH/USDC'"), "one or more symbols"),
    "symbols is a symbol of nothing": (
        WITH_SYMBOLS.replace("BODY", "return ['eth']"),
        "BASE/QUOTE",
    ),
    "its state can't be made": (
        STRATEGY.replace("return DipState()", "raise ValueError('no state')"),
        "failed to be made from this table: ValueError: no state",
    ),
    "its Config refuses": (
        STRATEGY.replace(
            '    """How far',
            '    def __post_init__(self):\n        raise ValueError(\'too far\')\n    """How far',
        ),
        "too far",
    ),
    "its Config has a key of every bot": (
        STRATEGY.replace("below_percent: Decimal", "capital: Decimal"),
        "its Config has the key 'capital', which every bot has already",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_strategy_that_fails_over_a_config_is_told_in_the_place_of_its_bot(
    name: str, site: Path
) -> None:
    code, words = FAILING[name]
    install(site, f"failing-{list(FAILING).index(name)}", code, {"dip": "DipStrategy"})
    (problem,) = problems_of(GOOD + DIP)
    assert words in problem.message
    assert problem.key.startswith("bots.dip")
    assert problem.line >= 12


@pytest.mark.parametrize("body", ["raise RuntimeError('oops')", "return 'much'", "return 1.5"])
def test_a_capital_that_cannot_be_had_beforehand_is_no_problem(body: str, site: Path) -> None:
    package = f"capital-{len(body)}"
    install(site, package, with_body("required_capital", body), {"dip": "DipStrategy"})
    assert problems_of(GOOD + DIP) == []


def test_a_broken_package_that_is_not_used_breaks_nothing_and_is_told(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "broken-1", "1 / 0", {"odd": "Odd"})
    install(site, "broken-2", STRATEGY, {"grid": "DipStrategy", "dip": "DipStrategy"})
    path = site / "bots.toml"
    path.write_text(GOOD + DIP)
    assert ended(monkeypatch, "config", "check", str(path)) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "warning: strategy 'odd' of broken-1 1.0 (broken_1:Odd) can't be loaded" in err
    assert "warning: broken-2 1.0 (broken_2:DipStrategy) offers a strategy 'grid'" in err
    assert f"{path}: all well" in err
    assert "Traceback" not in err
    assert ended(monkeypatch, "config", "check", "--json", str(path)) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "errors": []}
    assert ended(monkeypatch, "config", "schema") == 0
    out, err = capsys.readouterr()
    assert {"bot-grid", "bot-dip"} < set(json.loads(out)["$defs"])
    assert "bot-odd" not in out
    assert err.count("warning: ") == 2


def test_a_broken_package_that_is_used_is_one_problem_at_its_place(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, "broken-3", "1 / 0", {"dip": "DipStrategy"})
    path = site / "bots.toml"
    path.write_text(GOOD + DIP)
    for command in (("config", "check"), ("run",), ("demo", "--headless", "--config")):
        assert ended(monkeypatch, *command, str(path)) == 2
        err = capsys.readouterr().err
        assert f"{path}:13:1 bots.dip.strategy: strategy 'dip' of broken-3 1.0" in err
        assert "ZeroDivisionError: division by zero" in err
        assert "Traceback" not in err
        assert "warning" not in err
