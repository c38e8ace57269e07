"""What the previews of DCA, martingale and portfolio say is what the engine then does."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import OrderState, OrderType, Side
from nimbus_tui.core.panels import DriftPanel, StepsPanel, TimelinePanel
from nimbus_tui.strategies.dca import DcaStrategy
from nimbus_tui.strategies.dca_config import DcaConfig
from nimbus_tui.strategies.martingale import MartingaleStrategy
from nimbus_tui.strategies.martingale_steps import MartingaleSide
from nimbus_tui.strategies.portfolio import PortfolioStrategy
from tests.contracts.preview import (
    Start,
    assert_capital_is_what_the_bot_opens_with,
    assert_orders_are_those_previewed,
    previewed_and_placed,
    terms_of,
)
from tests.simulation.martingale_world import config_of, sol
from tests.simulation.portfolio_world import PRICES, config, spots
from tests.simulation.worlds import instrument

D = Decimal
FEES = {"taker_fee": D("0.0005"), "maker_fee": D("0.0002")}


def figures(preview: Any) -> dict[str, Any]:
    return {figure.name: figure.value for figure in preview.figures}


# dca


def dca(traded: Instrument, **changes: Any) -> Start:
    given = {"symbol": traded.symbol, "order_quote": D(100), "interval": "1h", "max_orders": 5}
    config = DcaConfig(**(given | changes))
    return Start(DcaStrategy, config, {traded.symbol: traded}, {traded.symbol: D(2400)})


DCA_CASES: dict[str, tuple[Instrument, dict[str, Any]]] = {
    "market": (instrument("ETH/USDC"), {}),
    "perpetual": (instrument("ETH/USDC:USDC"), {}),
    "short": (instrument("ETH/USDC:USDC"), {"side": Side.SELL}),
    "limit": (
        instrument("ETH/USDC"),
        {"order_type": OrderType.LIMIT, "offset_percent": D("0.5")},
    ),
    "dips": (instrument("ETH/USDC"), {"dip_scale": ((D(-5), D(2)),)}),
    "a sum": (instrument("ETH/USDC"), {"max_orders": None, "max_quote": D(250)}),
}


@pytest.mark.parametrize("name", DCA_CASES)
async def test_a_dcas_first_slot_is_the_order_that_was_previewed(name: str) -> None:
    traded, changes = DCA_CASES[name]
    started = await previewed_and_placed(dca(traded, **changes))
    assert_orders_are_those_previewed(started)
    assert_capital_is_what_the_bot_opens_with(started)
    assert isinstance(started.preview.panel, TimelinePanel)
    slot = started.preview.panel.rows[0]
    (placed,) = started.first.values()
    assert (placed.key, placed.side) == (slot.key, started.preview.panel.side)
    assert figures(started.preview)["first order"] == placed.quantity


# martingale

MARTINGALE_CASES: dict[str, tuple[Instrument, dict[str, Any]]] = {
    "long": (sol(), {}),
    "short": (sol(), {"side": MartingaleSide.SHORT}),
    "spot": (sol("SOL/USDC"), {}),
    "limit": (sol(), {"order_type": OrderType.LIMIT}),
    "equal sizes": (sol(), {"multiplier": D(1), "max_steps": 5}),
}


@pytest.mark.parametrize("name", MARTINGALE_CASES)
async def test_a_martingales_ladder_is_the_one_that_was_previewed(name: str) -> None:
    traded, changes = MARTINGALE_CASES[name]
    parameters = config_of(traded.symbol, **changes)
    start = Start(
        MartingaleStrategy, parameters, {traded.symbol: traded}, {traded.symbol: D("150")}
    )
    started = await previewed_and_placed(start)
    assert_orders_are_those_previewed(started)
    assert_capital_is_what_the_bot_opens_with(started)
    assert isinstance(started.preview.panel, StepsPanel)
    terms = terms_of(started.preview.panel)
    assert len(terms) == parameters.max_steps + 1
    assert [key for key, one in terms.items() if one.at_once] == ["martingale/1/base"]
    ladder = {key for key in started.then if not key.endswith("/tp")}
    assert ladder == set(terms)


# portfolio


@pytest.mark.parametrize("order_type", [OrderType.MARKET, OrderType.LIMIT])
@pytest.mark.parametrize("fees", [{}, FEES])
async def test_a_portfolios_first_rebalance_is_the_one_that_was_previewed(
    fees: dict[str, Decimal], order_type: OrderType
) -> None:
    parameters = config(order_type=order_type)
    prices = {f"{coin}/USDC": D(price) for coin, price in PRICES.items()}
    start = Start(PortfolioStrategy, parameters, spots(PRICES, **fees), prices)
    started = await previewed_and_placed(start)
    assert_orders_are_those_previewed(started)
    assert_capital_is_what_the_bot_opens_with(started)
    assert isinstance(started.preview.panel, DriftPanel)
    said = figures(started.preview)
    placed = [o for o in started.then.values() if o.state is not OrderState.CANCELLED]
    assert said["orders"] == len(placed) == len(PRICES)
    worth = sum(order.quantity * prices[order.symbol] for order in placed)
    assert abs(said["turnover"] - worth) < D("0.01")
