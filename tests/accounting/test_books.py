"""The books against brute force: exact to the last digit over any sequence of fills."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.accounting.books import Books, absorb, claimed, funded, opened, with_lots
from nimbus_tui.accounting.fifo import remaining_cost
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import Asset, ClientOrderId, ExchangeName, FundingId, Symbol, TradeId
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side

ETH = Symbol("ETH/USDC")
BTC = Symbol("BTC/USDC:USDC")
CAPITAL = Decimal(1000)


def instrument(symbol: Symbol) -> Instrument:
    return Instrument(symbol=symbol, tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"))


def fill(symbol: Symbol, side: Side, price: str, quantity: str, fee: str, asset: str) -> Fill:
    return Fill(
        exchange=ExchangeName("sim"),
        trade_id=TradeId("1"),
        client_order_id=ClientOrderId("1"),
        symbol=symbol,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(fee),
        fee_asset=Asset(asset),
        maker=True,
        ts=1,
    )


def absorbed(books: Books, history: list[Fill]) -> Books:
    for one in history:
        books = absorb(books, one, instrument(one.symbol))
    return books


def table(text: str) -> list[Fill]:
    """`buy 2 100 1 USDC; …`: side, quantity, price, fee and its asset, in ETH/USDC."""
    rows = [row.split() for row in text.split(";")]
    return [
        fill(ETH, Side(side), price, quantity, fee, asset)
        for side, quantity, price, fee, asset in rows
    ]


@st.composite
def any_fill(draw: st.DrawFn) -> Fill:
    """Either symbol and side, a fee or rebate in quote, in coins (≤ 1 %) or in a third asset."""
    symbol = draw(st.sampled_from([ETH, BTC]))
    quantity = draw(st.decimals("0.0001", 50, places=4))
    paid_in = draw(st.sampled_from(["USDC", "BNB", *(["ETH"] if symbol == ETH else [])]))
    rate = draw(st.decimals("-0.001", "0.01", places=5))
    one = fill(
        symbol,
        draw(st.sampled_from(list(Side))),
        str(draw(st.decimals("0.01", 100_000, places=2))),
        str(quantity),
        str(quantity * rate if paid_in == "ETH" else draw(st.decimals(-5, 50, places=6))),
        paid_in,
    )
    worth = one.fee * draw(st.decimals(1, 900, places=2)) if paid_in == "BNB" else None
    return msgspec.structs.replace(one, fee_quote=worth)


def payment(amount: str) -> FundingPayment:
    return FundingPayment(
        exchange=ExchangeName("sim"),
        funding_id=FundingId("1"),
        symbol=BTC,
        amount=Decimal(amount),
        asset=Asset("USDC"),
        ts=1,
    )


histories = st.lists(any_fill(), max_size=25)
payments = st.lists(st.decimals(-9, 9, places=14).map(lambda amount: payment(str(amount))))
marks = st.fixed_dictionaries(
    {symbol: st.decimals("0.01", 100_000, places=2) for symbol in (ETH, BTC)}
)


class Purse:
    """What changes hands, nothing averaged: coins and money, counted in fractions."""

    def __init__(self) -> None:
        self.cash = Fraction(CAPITAL)
        self.held = {ETH: Fraction(0), BTC: Fraction(0)}

    def absorb(self, one: Fill) -> None:
        quantity = Fraction(one.quantity) if one.side is Side.BUY else -Fraction(one.quantity)
        self.held[one.symbol] += quantity
        self.cash -= quantity * Fraction(one.price)
        if one.fee_asset == "USDC":
            self.cash -= Fraction(one.fee)
        elif one.fee_quote is not None:
            self.cash -= Fraction(one.fee_quote)
        else:
            self.held[one.symbol] -= Fraction(one.fee)

    def worth(self, prices: Mapping[Symbol, Decimal]) -> Fraction:
        return self.cash + sum(
            (quantity * Fraction(prices[symbol]) for symbol, quantity in self.held.items()),
            Fraction(0),
        )


@pytest.mark.parametrize(
    ("history", "quantity", "cash", "realized", "fees"),
    [
        ("buy 2 100 1 USDC", "2", "799", "0", "1"),
        ("sell 2 100 1 USDC", "-2", "1199", "0", "1"),
        ("buy 2 100 1 USDC; sell 2 110 1 USDC", "0", "1018", "20", "2"),
        ("sell 2 100 1 USDC; buy 2 110 1 USDC", "0", "978", "-20", "2"),
        ("buy 2 100 1 USDC; sell 5 110 5 USDC", "-3", "1344", "20", "6"),
        ("sell 2 100 1 USDC; buy 5 90 5 USDC", "3", "744", "20", "6"),
        ("buy 2 100 -1 USDC", "2", "801", "0", "-1"),
        ("buy 1 100 0.01 ETH", "0.99", "900", "0", "1.00"),
        ("buy 1 100 -0.01 ETH", "1.01", "900", "0", "-1.00"),
        ("buy 2 100 0 USDC; sell 1 110 0.01 ETH", "0.99", "910", "10.1", "1.1"),
        ("buy 1 100 0.01 ETH; sell 0.99 110 0 USDC", "0", "1008.9", "9.9", "1"),
    ],
)
def test_the_books_by_hand(
    history: str, quantity: str, cash: str, realized: str, fees: str
) -> None:
    books = absorbed(opened(CAPITAL), table(history))
    assert Decimal(quantity) == books.position(ETH).quantity
    assert Decimal(cash) == books.cash
    assert Decimal(realized) == books.realized_pnl
    assert Decimal(fees) == books.fees
    assert len(history.split(";")) == books.fills


def test_new_books_are_worth_their_capital() -> None:
    books = opened(CAPITAL)
    assert books.equity({}) == books.capital == books.cash == CAPITAL
    assert books.position(ETH).quantity == 0


def test_a_position_without_a_mark_counts_at_its_entry() -> None:
    books = absorbed(opened(CAPITAL), table("buy 2 100 1 USDC"))
    assert books.unrealized_pnl({}) == 0
    assert books.equity({}) == Decimal(999)
    assert books.equity({ETH: Decimal(90)}) == Decimal(979)


def test_funding_is_part_of_cash_and_equity() -> None:
    books = funded(opened(CAPITAL), payment("-1.5"))
    assert books.equity({}) == books.cash == Decimal("998.5")
    assert books.funding == Decimal("-1.5")


@given(histories, payments, marks)
def test_equity_is_cash_and_holdings_at_every_fill_and_payment(
    history: list[Fill], paid: list[FundingPayment], prices: dict[Symbol, Decimal]
) -> None:
    books, purse = opened(CAPITAL), Purse()
    for number, one in enumerate(history):
        books = absorbed(books, [one])
        purse.absorb(one)
        for payment in paid[number : number + 1]:
            books = funded(books, payment)
            purse.cash += Fraction(payment.amount)
        assert purse.cash == Fraction(books.cash)
        for symbol, quantity in purse.held.items():
            assert quantity == Fraction(books.position(symbol).quantity)
        gains = books.realized_pnl + books.unrealized_pnl(prices)
        assert purse.worth(prices) == Fraction(books.capital + gains - books.fees + books.funding)
        assert purse.worth(prices) == Fraction(books.equity(prices))
    assert len(history) == books.fills


@given(histories, st.decimals("-20", 20, places=4), marks)
def test_a_claim_brings_its_worth_as_capital_and_keeps_the_identity(
    history: list[Fill], quantity: Decimal, prices: dict[Symbol, Decimal]
) -> None:
    before = absorbed(opened(CAPITAL), history)
    price = Decimal("123.45")
    books = claimed(before, ETH, quantity, price)
    assert before.cash == books.cash
    assert before.position(ETH).quantity + quantity == books.position(ETH).quantity
    assert before.capital + quantity * price == books.capital
    assert before.equity(prices) + quantity * prices[ETH] == books.equity(prices)


def test_a_claim_against_a_short_realizes_what_it_closes() -> None:
    short = absorbed(opened(CAPITAL), table("sell 2 100 0 USDC"))
    books = claimed(short, ETH, Decimal(2), Decimal(90))
    assert books.realized_pnl == Decimal(20)
    assert books.equity({}) == Decimal(1200)


@given(
    st.lists(
        st.tuples(
            st.decimals("0.01", 5000, places=2),
            st.decimals("0.0001", 50, places=4),
            st.decimals(0, "0.01", places=5),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_with_fees_in_coins_the_average_cost_is_quote_spent_over_coins_kept(
    buys: list[tuple[Decimal, Decimal, Decimal]],
) -> None:
    history = [
        fill(ETH, Side.BUY, str(price), str(quantity), str(quantity * rate), "ETH")
        for price, quantity, rate in buys
    ]
    spent = sum((Fraction(p) * Fraction(q) for p, q, _ in buys), Fraction(0))
    kept = sum((Fraction(q) * (1 - Fraction(rate)) for _, q, rate in buys), Fraction(0))
    books = absorbed(opened(CAPITAL), history)
    position = books.position(ETH)
    assert spent == Fraction(CAPITAL - books.cash)
    assert spent == Fraction(position.entry_value + position.entry_fees)
    assert kept == Fraction(position.quantity)
    assert position.average_cost is not None
    # The one division is good to the 28 digits of a Decimal.
    assert abs(Fraction(position.average_cost) - spent / kept) <= spent / kept / 10**27


@given(histories)
def test_absorbing_leaves_the_old_books_as_they_were(history: list[Fill]) -> None:
    books = absorbed(opened(CAPITAL), history)
    copy = msgspec.json.decode(msgspec.json.encode(books), type=Books)
    absorbed(books, table("buy 2 100 1 USDC"))
    claimed(books, ETH, Decimal(1), Decimal(1))
    assert copy == books


@given(histories)
def test_first_in_first_out_and_average_cost_are_of_the_same_money(history: list[Fill]) -> None:
    books = absorbed(opened(CAPITAL), history)
    left = sum((remaining_cost(lots) for lots in books.lots.values()), Decimal(0))
    averaged = sum((one.entry_value for one in books.positions.values()), Decimal(0))
    assert books.realized_fifo - left == books.realized_pnl - averaged
    for symbol, lots in books.lots.items():
        assert sum((lot.quantity for lot in lots), Decimal(0)) == books.position(symbol).quantity


def test_books_that_kept_no_lots_go_on_with_one_at_the_average() -> None:
    history = table("buy 1 100 0.5 USDC; buy 1 120 0.5 USDC")
    known = absorbed(opened(CAPITAL), history)
    assert with_lots(known) is known
    older = with_lots(msgspec.structs.replace(known, lots={}))
    (lot,) = older.lots[ETH]
    assert (lot.quantity, lot.price, lot.fee) == (2, 110, 1)
    closed = absorbed(older, table("sell 2 150 0 USDC"))
    assert closed.realized_fifo == closed.realized_pnl == 80
    assert closed.lots[ETH] == ()
