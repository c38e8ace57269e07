"""Every bot counts a fee as the books do: in coins, in quote, or in a third asset at its worth."""

from decimal import Decimal

import pytest

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side
from nimbus_tui.strategies.dca_tally import Tally
from nimbus_tui.strategies.martingale_decisions import absorbed
from nimbus_tui.strategies.martingale_state import MartingaleState
from nimbus_tui.strategies.portfolio_orders import PortfolioState, absorb_fill
from tests.simulation.martingale_world import config_of
from tests.simulation.worlds import instrument

D = Decimal
SPOT, PERPETUAL = instrument("ETH/USDC"), instrument("ETH/USDC:USDC")
FEES: dict[str, tuple[Instrument, str, str, str | None, str, str]] = {
    # traded, fee, its asset, its worth by the fill: what is received, what it costs
    "in quote": (SPOT, "1", "USDC", None, "0.5", "1"),
    "in coins": (SPOT, "0.001", "ETH", None, "0.499", "2"),
    "in coins of a perpetual": (PERPETUAL, "0.001", "ETH", None, "0.5", "2"),
    "in a third asset": (SPOT, "0.01", "BNB", "5", "0.5", "5"),
    "in one that nobody can value": (SPOT, "0.01", "BNB", None, "0.5", "0"),
}


def fill(case: str, key: str) -> tuple[Fill, Instrument]:
    traded, fee, asset, worth, *_ = FEES[case]
    bought = Fill(
        exchange="sim",
        client_order_id="c1",
        trade_id="1",
        symbol=traded.symbol,
        side=Side.BUY,
        price=D(2000),
        quantity=D("0.5"),
        fee=D(fee),
        fee_asset=asset,
        fee_quote=None if worth is None else D(worth),
        maker=False,
        ts=1,
        key=key,
    )
    return bought, traded


@pytest.mark.parametrize("case", FEES)
def test_a_dca_counts_a_fee_as_the_books_do(case: str) -> None:
    position = Tally().with_fill(*fill(case, "dca/1"), before=None, after=D(2000)).position
    received, cost = map(D, FEES[case][-2:])
    assert (position.quantity, position.entry_fees) == (received, cost)


@pytest.mark.parametrize("case", FEES)
def test_a_martingale_counts_a_fee_as_the_books_do(case: str) -> None:
    bought, traded = fill(case, "martingale/1/base")
    position = absorbed(MartingaleState(), bought, config_of(traded.symbol), traded).position
    received, cost = map(D, FEES[case][-2:])
    assert (position.quantity, position.entry_fees) == (received, cost)


@pytest.mark.parametrize("case", FEES)
def test_a_portfolio_counts_a_fee_as_the_books_do(case: str) -> None:
    state = absorb_fill(PortfolioState(), *fill(case, "rebalance/1.1/ETH"))
    assert (state.turnover, state.cost) == (D(1000), D(FEES[case][-1]))
