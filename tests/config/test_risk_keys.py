"""The risk tables: what they take, what is wrong with them, and which rules are off."""

from decimal import Decimal

import pytest

from nimbus_tui.config.risk_keys import rules_off
from nimbus_tui.risk.limits import OnTakeProfit
from nimbus_tui.risk.thresholds import Thresholds
from tests.config.texts import GOOD, changed, config_of, problems_of

FULL = """\
[risk]
equity_floor = 5_000
total_exposure = 3.0
drawdown = 20
hold = "5m"
steps = { drawdown = { warning = 50 }, leverage = { pause = 120 } }

[exchanges.sim.risk]
leverage = 2
"""
OWN = 'risk = { stop_loss = 10, drawdown = 15, on_take_profit = "restart", position_age = "12h" }\n'


def test_limits_of_the_engine_the_account_and_the_bot() -> None:
    config = config_of(FULL + changed(end=OWN))
    assert (config.risk.equity_floor, config.risk.total_exposure) == (5000, 3)
    sim = config.exchanges["sim"].risk  # type: ignore[index]
    assert (sim.leverage, sim.api_rate) == (2, 80)
    assert sim.steps["leverage"] == Thresholds(pause=Decimal(120))
    limits = config.bots["eth"].limits  # type: ignore[index]
    assert (limits.stop_loss, limits.drawdown, limits.position_age_s) == (10, 15, 43_200)
    assert limits.on_take_profit is OnTakeProfit.RESTART
    assert limits.hold_ns == 300 * 10**9
    assert limits.steps["drawdown"].warning == 50


def test_the_defaults_are_those_that_are_documented() -> None:
    config = config_of(GOOD)
    limits = config.bots["eth"].limits  # type: ignore[index]
    assert (limits.connection, limits.order_rate, limits.collar) == (30, 120, 10)
    assert (limits.repeat_refusals, limits.hold) == (5, "10m")
    assert config.exchanges["sim"].risk.api_rate == 80  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("drawdown = 120", "risk.drawdown", "at most 100"),
        ("daily_loss = 0", "risk.daily_loss", "greater than 0"),
        ("total_exposure = -1", "risk.total_exposure", "greater than 0"),
        ("correlated_from = 2", "risk.correlated_from", "at most 1"),
        ("consecutive_losses = 1.5", "risk.consecutive_losses", "whole number"),
        ('hold = "ten"', "risk.hold", "write 90s"),
        ('day_start = "24:00"', "risk.day_start", "write HH:MM"),
        ("draw_down = 5", "risk.draw_down", "did you mean 'drawdown'"),
        ("steps = { drawdwn = { warning = 5 } }", "risk.steps.drawdwn", "did you mean 'drawdown'"),
        ("steps = { drawdown = { warning = 90 } }", "risk.steps.drawdown", "before warning at 90"),
        ("steps = { drawdown = { halt = 90 } }", "risk.steps.drawdown.halt", "unknown key"),
    ],
)
def test_a_mistake_in_the_risk_table_is_told_once(text: str, key: str, words: str) -> None:
    (problem,) = problems_of(f"[risk]\n{text}\n{GOOD}")
    assert (problem.key, problem.line) == (key, 2)
    assert words in problem.message


@pytest.mark.parametrize(
    ("risk", "key", "words"),
    [
        ("confirm_seconds = 5", "bots.eth.risk.confirm_seconds", "there is none"),
        ('position_age = "soon"', "bots.eth.risk.position_age", "write 90s"),
        ("drawdown = 0", "bots.eth.risk.drawdown", "greater than 0"),
        ("equity_floor = 5", "bots.eth.risk.equity_floor", "unknown key"),
    ],
)
def test_a_mistake_in_a_bots_table_is_told_there(risk: str, key: str, words: str) -> None:
    (problem,) = problems_of(changed(end=f"risk = {{ {risk} }}\n"))
    assert problem.key == key
    assert words in problem.message


def test_the_rules_that_are_off_are_named() -> None:
    bot = config_of(changed(end="risk = { stop_loss_price = 2000, drawdown = 5 }\n")).bots["eth"]  # type: ignore[index]
    assert rules_off(bot) == (
        "take profit",
        "position size",
        "position age",
        "daily loss",
        "consecutive losses",
    )
