"""What a fee takes and what it is worth, in whichever asset it is paid."""

from decimal import Decimal

import pytest

from nimbus_tui.accounting.books import absorb, opened
from nimbus_tui.accounting.fees import fee_value, received
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side

SPOT, PERPETUAL = "ETH/USDC", "ETH/USDC:USDC"


def instrument(symbol: str) -> Instrument:
    return Instrument(symbol=symbol, tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"))


def fill(
    symbol: str, fee: str, asset: str, fee_quote: str | None = None, side: Side = Side.BUY
) -> Fill:
    return Fill(
        exchange="sim",
        trade_id="1",
        client_order_id="1",
        symbol=symbol,
        side=side,
        price=Decimal(2000),
        quantity=Decimal(2),
        fee=Decimal(fee),
        fee_asset=asset,
        maker=True,
        ts=1,
        fee_quote=None if fee_quote is None else Decimal(fee_quote),
    )


@pytest.mark.parametrize(
    ("symbol", "fee", "asset", "price", "worth", "coins"),
    [
        (SPOT, "4", "USDC", None, "4", "2"),
        (SPOT, "-4", "USDC", None, "-4", "2"),
        (SPOT, "0.01", "ETH", None, "20", "1.99"),
        (SPOT, "-0.01", "ETH", None, "-20", "2.01"),
        (SPOT, "0.01", "ETH", "3000", "20", "1.99"),
        (SPOT, "0.005", "BNB", "600", "3", "2"),
        (SPOT, "0.005", "BNB", None, None, "2"),
        (SPOT, "0", "BNB", None, "0", "2"),
        (PERPETUAL, "4", "USDC", None, "4", "2"),
        (PERPETUAL, "0.01", "ETH", None, "20", "2"),
        (PERPETUAL, "0.005", "BNB", "600", "3", "2"),
    ],
)
def test_a_fees_worth_and_what_is_received(
    symbol: str, fee: str, asset: str, price: str | None, worth: str | None, coins: str
) -> None:
    one = fill(symbol, fee, asset)
    at = None if price is None else Decimal(price)
    assert fee_value(one, instrument(symbol), at) == (None if worth is None else Decimal(worth))
    assert received(one, instrument(symbol)) == Decimal(coins)


def test_a_fee_that_was_valued_at_its_fill_keeps_that_worth() -> None:
    one = fill(SPOT, "0.005", "BNB", fee_quote="2.5")
    assert fee_value(one, instrument(SPOT), Decimal(600)) == Decimal("2.5")


def test_fees_are_kept_by_asset_and_an_unknown_worth_is_not_zero_but_unvalued() -> None:
    books = opened(Decimal(10_000))
    for one in (
        fill(SPOT, "4", "USDC"),
        fill(SPOT, "0.01", "ETH"),
        fill(SPOT, "0.005", "BNB", fee_quote="3"),
        fill(SPOT, "0.002", "BNB"),
        fill(SPOT, "0.001", "BNB"),
    ):
        books = absorb(books, one, instrument(SPOT))
    assert books.fees == 4 + 20 + 3
    assert books.fees_by_asset == {"USDC": 4, "ETH": Decimal("0.01"), "BNB": Decimal("0.008")}
    assert books.unvalued_fees == {"BNB": Decimal("0.003")}
    assert books.cash == 10_000 - 5 * 4000 + 20 - 27
    position = books.position(SPOT)
    assert (position.quantity, position.entry_fees) == (Decimal("9.99"), 27)
    assert books.equity({SPOT: Decimal(2000)}) == 10_000 - 27
