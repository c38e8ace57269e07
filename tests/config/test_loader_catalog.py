"""A strategy that is not our own is read like one of ours."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from nimbus_tui.config.loader import load_text
from nimbus_tui.config.problems import BadConfig
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.strategies.base import BaseTradingStrategy, Problem, StrategyConfig, StrategyState
from tests.config.texts import PATH, changed


class PingConfig(StrategyConfig, frozen=True, kw_only=True):
    symbol: str
    pace: float = 1.0
    steps: list[tuple[Decimal, Decimal]] = []
    mood: dict[str, int] = {}


class Ping(BaseTradingStrategy[PingConfig, StrategyState]):
    Config = PingConfig
    State = StrategyState

    def initial_state(self) -> StrategyState:
        return StrategyState()

    @classmethod
    def validate(cls, config: PingConfig, instruments: Any) -> list[Problem]:
        return [Problem("pace", "is too fast")] if config.pace > 2 else []


def ping_class(name: str) -> type[Ping]:
    if name != "ping":
        raise ConfigError(f"no {name}")
    return Ping


CATALOG: Any = SimpleNamespace(strategy_names=lambda: ["ping"], strategy_class=ping_class)

PING = changed(('"grid"', '"ping"'), ("spacing = 0.5\nlevels = 3\nquote_size = 100\n", ""))


def test_a_strategy_from_another_catalog_is_read_like_our_own() -> None:
    text = PING + "pace = 1.5\nsteps = [[-5, 1.5]]\nmood = { calm = 3 }\n"
    config = load_text(text, PATH, builtin_instrument, strategies=CATALOG)
    assert config.bots["eth"].parameters == PingConfig(
        symbol="ETH/USDC", pace=1.5, steps=[(Decimal(-5), Decimal("1.5"))], mood={"calm": 3}
    )


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ("pace = 3", "pace", "is too fast"),
        ("pace = 'x'", "pace", "must be a number"),
        ("steps = 5", "steps", "must be a list, not 5"),
        ("steps = [[1]]", "steps", "must be a list"),
        ("mood = { calm = 1.5 }", "mood.calm", "whole number, not 1.5"),
        ("spacing = 1", "spacing", "allowed: strategy, exchange"),
    ],
)
def test_its_mistakes_are_told_like_our_own(line: str, key: str, words: str) -> None:
    with pytest.raises(BadConfig) as caught:
        load_text(f"{PING}{line}\n", PATH, builtin_instrument, strategies=CATALOG)
    (problem,) = caught.value.problems
    assert problem.key == f"bots.eth.{key}"
    assert words in problem.message
