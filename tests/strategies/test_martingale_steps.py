"""A martingale's geometry and what its config is refused for, with the numbers."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.order import Side
from nimbus_tui.strategies.martingale_steps import (
    MartingaleSide,
    TriggerDirection,
    base_quantity,
    capital_needed,
    deviation_percent,
    ladder_quote,
    problems,
    sized_steps,
    step_quote,
)
from tests.simulation.martingale_world import config_of, sol


def test_the_steps_of_a_long_from_150_are_147_75_then_145_05_then_141_81() -> None:
    """Deviations 1.5, 1.5 × 2.2 = 3.3 and 1.5 × 3.64 = 5.46 %; sizes 200, 400 and 800.

    150 × 0.985 = 147.75, 200 ÷ 147.75 = 1.3536… → 1.353
    150 × 0.967 = 145.05, 400 ÷ 145.05 = 2.7576… → 2.757
    150 × 0.9454 = 141.81, 800 ÷ 141.81 = 5.6413… → 5.641
    """
    config = config_of()
    assert [deviation_percent(config, step) for step in range(4)] == [
        Decimal(0),
        Decimal("1.5"),
        Decimal("3.3"),
        Decimal("5.46"),
    ]
    steps = sized_steps(config, Side.BUY, Decimal(150), sol(), Decimal(10_000))
    assert [(s.step, str(s.price), str(s.quantity)) for s in steps] == [
        (1, "147.75", "1.353"),
        (2, "145.05", "2.757"),
        (3, "141.81", "5.641"),
    ]


def test_the_steps_of_a_short_lie_as_far_above_and_round_up() -> None:
    """150.01 × 1.015 = 152.26015 → 152.27; × 1.033 = 154.96033 → 154.97."""
    steps = sized_steps(
        config_of(side=MartingaleSide.SHORT), Side.SELL, Decimal("150.01"), sol(), Decimal(10_000)
    )
    assert [str(step.price) for step in steps][:2] == ["152.27", "154.97"]


def test_equal_steps_of_equal_size_come_from_factors_of_one() -> None:
    config = config_of(multiplier=Decimal(1), step_scale=Decimal(1), max_steps=4)
    assert [deviation_percent(config, step) for step in (1, 2, 4)] == [
        Decimal("1.5"),
        Decimal("3.0"),
        Decimal("6.0"),
    ]
    assert {step_quote(config, step) for step in range(5)} == {Decimal(100)}


def test_the_capital_is_all_steps_with_fees_and_one_percent_of_the_base_order() -> None:
    """100 + 200 + 400 + 800 = 1500; (1500 + 1) × 1.0005 = 1501.7505."""
    assert ladder_quote(config_of()) == Decimal(1500)
    assert capital_needed(config_of(), sol()) == Decimal("1501.7505")


def test_the_last_steps_give_way_when_the_capital_is_short() -> None:
    """Of 500, step 1 takes 1.353 × 147.75 × 1.0005 = 200.00570…; 299.99429… is left for step 2.

    299.99429… ÷ 1.0005 ÷ 145.05 = 2.0671… → 2.067, and nothing is left that the venue would take.
    """
    steps = sized_steps(config_of(), Side.BUY, Decimal(150), sol(), Decimal(500))
    assert [(s.step, str(s.quantity)) for s in steps] == [(1, "1.353"), (2, "2.067")]
    assert sum(s.price * s.quantity for s in steps) * Decimal("1.0005") <= Decimal(500)


def test_the_base_order_is_its_quote_at_the_newest_price_and_never_more_than_there_is() -> None:
    config = config_of()
    assert base_quantity(config, Decimal(150), sol(), Decimal(10_000)) == Decimal("0.666")
    assert base_quantity(config, Decimal(150), sol(), Decimal(0)) == 0
    assert base_quantity(config, Decimal(150), sol(), Decimal(-5)) == 0


@pytest.mark.parametrize(
    ("cooldown", "seconds"), [(0, 0), (90, 90), ("90s", 90), ("15m", 900), ("1h30m", 5400)]
)
def test_the_cooldown_is_a_length_of_time_or_whole_seconds(
    cooldown: int | str, seconds: int
) -> None:
    assert config_of(cooldown=cooldown).cooldown_ns == seconds * 1_000_000_000


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"base_quote": Decimal(0)}, "base_quote", "greater than 0, not 0"),
        ({"multiplier": Decimal(-1)}, "multiplier", "greater than 0, not -1"),
        ({"step_percent": Decimal(0)}, "step_percent", "greater than 0"),
        ({"step_scale": Decimal(0)}, "step_scale", "greater than 0"),
        ({"take_profit": Decimal(0)}, "take_profit", "greater than 0"),
        ({"stop_loss": Decimal(0)}, "stop_loss", "greater than 0"),
        ({"stop_loss": Decimal(100)}, "stop_loss", "less than 100, not 100"),
        ({"max_steps": 0}, "max_steps", "from 1 to 50, not 0"),
        ({"max_steps": 51}, "max_steps", "from 1 to 50, not 51"),
        ({"cooldown": -1}, "cooldown", "0 seconds or more, not -1"),
        ({"cooldown": "soon"}, "cooldown", "'soon' is not a length of time"),
        (
            {"step_percent": Decimal(30), "max_steps": 4, "step_scale": Decimal(1)},
            "max_steps",
            "step 4 of 4 lies 120 % below the entry, at a price of 0 or less",
        ),
        (
            {"base_quote": Decimal(9)},
            "base_quote",
            "the base order of 9 USDC is under the least order of SOL/USDC:USDC: 10 USDC",
        ),
        (
            {"base_quote": Decimal(20), "multiplier": Decimal("0.6")},
            "multiplier",
            "step 2 of 7.2 USDC is under the least order of SOL/USDC:USDC: 10 USDC",
        ),
        (
            {"max_capital": Decimal(1501)},
            "max_capital",
            "all 4 orders need 1,501.7505 USDC with fees and 1 % of the base order to spare "
            "(100 + 200 + 400 + 800), more than max_capital = 1,501",
        ),
        ({"trigger_direction": TriggerDirection.ABOVE}, "trigger_direction", "a trigger_price"),
    ],
)
def test_what_is_wrong_is_told_with_its_key_and_its_numbers(
    changes: dict[str, Any], key: str, words: str
) -> None:
    found = problems(config_of(**changes), sol())
    assert [problem.key for problem in found] == [key]
    assert words in found[0].message


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"max_capital": Decimal("1501.7505")},
        {"max_steps": 50, "multiplier": Decimal(1), "step_scale": Decimal("0.9")},
        {"side": MartingaleSide.SHORT, "step_percent": Decimal(60)},
        {"trigger_price": Decimal(140), "trigger_direction": TriggerDirection.BELOW},
    ],
)
def test_what_can_be_traded_is_taken(changes: dict[str, Any]) -> None:
    assert problems(config_of(**changes), sol()) == []


def test_a_short_needs_a_perpetual_and_a_take_profit_above_zero() -> None:
    config = config_of("SOL/USDC", side=MartingaleSide.SHORT, take_profit=Decimal(100))
    assert {problem.key for problem in problems(config, sol("SOL/USDC"))} == {
        "side",
        "take_profit",
    }


def test_without_an_instrument_the_capital_is_compared_without_fees() -> None:
    assert problems(config_of(max_capital=Decimal(1501)), None) == []
    assert [p.key for p in problems(config_of(max_capital=Decimal(1500)), None)] == ["max_capital"]


def test_numbers_beyond_all_measure_are_still_a_short_sentence() -> None:
    huge = config_of(multiplier=Decimal("1e30"), max_capital=Decimal(1000))
    (problem,) = problems(huge, sol())
    assert "8.000e" not in problem.message
    assert len(problem.message) < 300
