"""The books against brute force: exact to the last digit over any sequence of fills."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.accounting.books import absorb, opened
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Side
from tests.simulation.worlds import instrument

SPOT = instrument("ETH/USDC")


def fill(side: Side, price: Decimal, quantity: Decimal, fee: Decimal, asset: str) -> Fill:
    return Fill(
        exchange="sim", trade_id="1", client_order_id="1", symbol="ETH/USDC", side=side,
        price=price, quantity=quantity, fee=fee, fee_asset=asset, maker=True, ts=1,
    )  # fmt: skip


fills = st.builds(
    fill,
    st.sampled_from(list(Side)),
    st.decimals(1, 5000, places=2),
    st.decimals("0.0001", 50, places=4),
    st.decimals(0, 5, places=6),
    st.just("USDC"),
)


@given(st.lists(fills, max_size=30), st.decimals(1, 5000, places=2))
def test_equity_is_cash_and_holdings_at_every_fill(history: list[Fill], mark: Decimal) -> None:
    books = opened(Decimal(1000))
    cash, held = Decimal(1000), Decimal(0)
    for one in history:
        books = absorb(books, one, SPOT)
        cash += -one.signed_quantity * one.price - one.fee
        held += one.signed_quantity
        assert held == books.position("ETH/USDC").quantity
        assert cash == books.cash
        assert cash + held * mark == books.equity({"ETH/USDC": mark})


@given(st.lists(fills, max_size=15))
def test_the_average_entry_is_that_of_exact_fractions(history: list[Fill]) -> None:
    books = opened(Decimal(0))
    held, value = Fraction(0), Fraction(0)
    for one in history:
        books = absorb(books, one, SPOT)
        quantity, price = Fraction(one.signed_quantity), Fraction(one.price)
        if held * quantity >= 0:
            value += quantity * price
        elif abs(quantity) <= abs(held):
            value += value / held * quantity
        else:
            value = (held + quantity) * price
        held += quantity
        average = books.position("ETH/USDC").average_entry
        if held:
            assert average is not None
            assert abs(Fraction(average) - value / held) < Fraction(1, 10**6)


def test_a_fee_in_coins_leaves_less_to_sell_and_is_part_of_the_cost() -> None:
    books = absorb(
        opened(Decimal(1000)),
        fill(Side.BUY, Decimal(100), Decimal(1), Decimal("0.001"), "ETH"),
        SPOT,
    )
    position = books.position("ETH/USDC")
    assert position.quantity == Decimal("0.999")
    assert position.average_cost == Decimal(100) / Decimal("0.999")
    assert books.cash == Decimal(900)
