"""What a martingale's preview says, on numbers worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.preview import Preview
from nimbus_tui.strategies.martingale import MartingaleStrategy
from nimbus_tui.strategies.martingale_steps import MartingaleSide
from tests.simulation.martingale_world import config_of, sol


def preview_at(price: str, traded: Instrument | None = None, **parameters: Any) -> Preview:
    traded = traded or sol()
    config = config_of(traded.symbol, **parameters)
    prices = {traded.symbol: Decimal(price)}
    return MartingaleStrategy.preview(config, {traded.symbol: traded}, prices, 0)


def figures(preview: Preview) -> dict[str, str]:
    return {figure.name: f"{figure.value} {figure.unit}".strip() for figure in preview.figures}


def test_the_rows_are_those_of_the_ladder_by_hand() -> None:
    panel = preview_at("150").panel
    assert panel is not None
    assert [
        (row.step, str(row.price), str(row.quantity), str(row.average_cost), str(row.target_price))
        for row in panel.rows
    ] == [
        (0, "150.00", "0.666", "150.0750000000", "151.58"),
        (1, "147.75", "1.353", "148.5367415305", "150.03"),
        (2, "145.05", "2.757", "146.5407269095", "148.01"),
        (3, "141.81", "5.641", "143.9943085113", "145.44"),
    ]
    assert panel.capital == Decimal("1501.7505")


def test_without_a_stop_loss_the_worst_that_is_known_is_the_loss_at_the_last_step() -> None:
    """Cost 1499.988711762 less 10.417 × 141.81 = 1477.23477, and a taker's fee of 0.738617385.

    1499.988711762 − 1477.23477 + 0.738617385 = 23.492559147.
    """
    preview = preview_at("150")
    assert figures(preview)["worst loss at the last step, no stop loss"] == "23.49 USDC"
    (warning,) = preview.warnings
    assert "beyond the last step at 141.81 the loss grows with the price" in warning
    assert preview.refusals == ()


def test_with_a_stop_loss_behind_the_last_step_the_whole_position_loses_that_and_its_fee() -> None:
    """5 % of 1499.988711762 is 74.9994…; sold at 136.7945…, × 10.417 × 0.0005 = 0.7124…"""
    preview = preview_at("150", stop_loss=Decimal(5))
    assert figures(preview)["worst loss at the stop loss"] == "75.71 USDC"
    assert figures(preview)["stop loss price, deepest"] == "136.79 USDC"
    assert preview.warnings == ()


def test_a_stop_loss_nearer_than_the_last_step_is_warned_of() -> None:
    """After step 2 the cost is 146.5407…; less 3 % is 142.1445, above step 3 at 141.81.

    The loss there: 3 % of 699.87851172 = 20.9963…, and 4.776 × 142.1445 × 0.0005 = 0.3394…
    """
    preview = preview_at("150", stop_loss=Decimal(3))
    assert preview.warnings == (
        "the stop loss closes at 142.1445, before step 3 at 141.81: 1 of 3 safety orders can "
        "never fill",
    )
    assert figures(preview)["worst loss at the stop loss"] == "21.34 USDC"


def test_the_take_profit_is_told_from_each_step() -> None:
    """151.58 ÷ 150 = 1.0105…, 150.03 ÷ 147.75 = 1.0154…, …, 145.44 ÷ 141.81 = 1.0255…"""
    told = figures(preview_at("150"))
    assert [told[f"take profit after step {step}"] for step in range(4)] == [
        "1.05 % from the step's 150.00",
        "1.54 % from the step's 147.75",
        "2.04 % from the step's 145.05",
        "2.56 % from the step's 141.81",
    ]


def test_the_liquidation_of_a_short_is_its_cost_plus_capital_over_quantity() -> None:
    """155.9079… + 1501.7505 ÷ 9.617 = 312.0637…, which is 97.27 % above 158.19."""
    told = figures(preview_at("150", side=MartingaleSide.SHORT))
    assert told["liquidation, all capital as margin, no maintenance"] == "97.27 % from 158.19"


def test_a_long_whose_capital_covers_the_position_has_no_liquidation_and_spot_none_at_all() -> None:
    name = "liquidation, all capital as margin, no maintenance"
    assert figures(preview_at("150"))[name] == "none: the capital covers the whole position"
    assert name not in figures(preview_at("150", sol("SOL/USDC")))


@pytest.mark.parametrize(
    ("price", "changes", "words"),
    [
        (
            "150",
            {"base_quote": Decimal(10)},
            "the base order of 0.066 SOL (9.9 USDC) is under the least order of SOL/USDC:USDC",
        ),
        (
            "150",
            {"base_quote": Decimal(20), "multiplier": Decimal("0.501"), "max_steps": 1},
            "at 150 there is no order for step 1",
        ),
        ("0.5", {}, "step_percent = 1.5 of 0.5 is less than one tick (0.01)"),
        ("150", {"stop_loss_price": Decimal(150)}, "stop_loss_price = 150 must lie below"),
    ],
)
def test_what_can_not_start_at_this_price_is_refused_with_the_numbers(
    price: str, changes: dict[str, Any], words: str
) -> None:
    refusals = preview_at(price, **changes).refusals
    assert [words in refusal for refusal in refusals] == [True]


def test_a_take_profit_that_its_own_fee_eats_is_warned_of() -> None:
    (_, warning) = preview_at("150", take_profit=Decimal("0.02")).warnings
    assert "every cycle loses" in warning


def test_without_a_price_only_the_capital_is_known() -> None:
    traded = sol()
    preview = MartingaleStrategy.preview(config_of(), {traded.symbol: traded}, {}, 0)
    assert preview.panel is None
    assert figures(preview) == {
        "ladder": "1500.00 USDC",
        "capital needed": "1501.750500 USDC",
    }
