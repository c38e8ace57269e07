"""Closed results: from flat to flat by hand and by brute force, and what a log keeps of them."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.accounting import cycles as module
from nimbus_tui.accounting.books import Books, absorb, claimed, funded, opened
from nimbus_tui.accounting.cycles import KEPT, Cycle, CycleLog, recorded
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side

PERPETUAL = "BTC/USDC:USDC"
SPOT = "ETH/USDC"


def traded(books: Books, text: str, symbol: str = PERPETUAL, first_ts: int = 0) -> Books:
    """`+1 100 0.5; …`: signed quantity, price, fee; `f 2` is funding. One a nanosecond."""
    instrument = Instrument(symbol=symbol, tick_size=Decimal(1), lot_size=Decimal("0.01"))
    for ts, row in enumerate(text.split(";"), first_ts):
        words = row.split()
        if words[0] == "f":
            books = funded(books, payment(symbol, words[1], ts))
            continue
        quantity, price, fee = (Decimal(word) for word in words[:3])
        fill = Fill(
            exchange="sim",
            trade_id=str(ts),
            client_order_id="c",
            symbol=symbol,
            side=Side.BUY if quantity > 0 else Side.SELL,
            price=price,
            quantity=abs(quantity),
            fee=fee,
            fee_asset=words[3] if len(words) > 3 else "USDC",
            maker=True,
            ts=ts,
        )
        books = absorb(books, fill, instrument)
    return books


def payment(symbol: str, amount: str, ts: int) -> FundingPayment:
    return FundingPayment(
        exchange="sim",
        funding_id=str(ts),
        symbol=symbol,
        amount=Decimal(amount),
        asset="USDC",
        ts=ts,
    )


@pytest.mark.parametrize(
    ("story", "closed"),
    [
        ("+1 100 1", []),
        ("+1 100 1; -1 110 1", [(0, 1, "8")]),
        ("+1 100 0.25; +1 90 0.25; -1 95 0.25; -1 110 0.25", [(0, 3, "14")]),
        ("+2 100 0; -1 150 0", []),
        ("+1 100 1; -3 110 3", [(0, 1, "8")]),
        ("+1 100 1; -3 110 3; +2 120 2", [(0, 1, "8"), (1, 2, "-24")]),
        ("+1 100 0; f -2; -1 100 0", [(0, 2, "-2")]),
        ("+1 100 0; -1 100 0; f -2; +1 100 0; -1 100 0", [(0, 1, "0"), (3, 4, "-2")]),
        ("+1 100 0; -0.995 110 0; +1 100 0; -1 100 0", [(0, 1, "9.950"), (2, 3, "0")]),
        ("+0.005 100 0; -0.005 100 1; +1 100 0; -1 101 0", [(2, 3, "0")]),
    ],
)
def test_cycles_by_hand(story: str, closed: list[tuple[int, int, str]]) -> None:
    log = traded(opened(Decimal(1000)), story).cycles
    assert [(c.opened_ns, c.closed_ns, c.result) for c in log.recent] == [
        (begun, ended, Decimal(result)) for begun, ended, result in closed
    ]
    assert log.count == len(closed)


def test_dust_of_a_fee_in_coins_does_not_keep_a_cycle_open() -> None:
    books = traded(opened(Decimal(1000)), "+1 100 0.001 ETH; -0.99 110 0", SPOT)
    assert books.position(SPOT).quantity == Decimal("0.009")
    assert [one.result for one in books.cycles.recent] == [Decimal("9.8")]


def test_symbols_have_cycles_of_their_own_and_time_is_counted_once() -> None:
    books = traded(opened(Decimal(1000)), "+1 100 0")
    books = traded(books, "+1 10 0", SPOT, 5)
    books = traded(books, "-1 90 0", PERPETUAL, 7)
    assert [one.symbol for one in books.cycles.recent] == [PERPETUAL]
    assert books.held.total(100) == 100
    books = traded(books, "-1 11 0", SPOT, 20)
    assert [one.result for one in books.cycles.recent] == [-10, 1]
    assert books.held.total(100) == 20


def test_a_claimed_holding_begins_a_cycle() -> None:
    books = claimed(opened(Decimal(0)), SPOT, Decimal("0.001"), Decimal(100), 3)
    assert books.held.since == 3
    books = traded(books, "-0.001 110 0", SPOT, 9)
    assert [(c.opened_ns, c.result) for c in books.cycles.recent] == [(3, Decimal("0.010"))]


steps = st.lists(
    st.tuples(
        st.integers(-3, 3).filter(bool),
        st.decimals(1, 1000, places=2),
        st.decimals(-1, 3, places=3),
    ),
    max_size=40,
)


@given(steps)
def test_a_cycle_is_what_the_money_did_between_two_moments_flat(
    history: list[tuple[int, Decimal, Decimal]],
) -> None:
    text = ";".join(f"{quantity} {price} {fee}" for quantity, price, fee in history)
    books = traded(opened(Decimal(1000)), text) if history else opened(Decimal(1000))
    results, cash, held = [], Fraction(0), 0
    for quantity, price, fee in history:
        through = held and held * (held + quantity) < 0
        closing = -held if through else quantity
        part = Fraction(fee) * closing / quantity
        cash -= closing * Fraction(price) + part
        held += closing
        if not held:
            results.append(cash)
            cash = Fraction(0)
        if through:
            rest = quantity - closing
            cash -= rest * Fraction(price) + Fraction(fee) - part
            held += rest
    log = books.cycles
    assert log.count == len(results)
    # A fee that is split between two cycles is rounded to 1e-12, a cost taken out likewise.
    for found, expected in zip(log.recent, results[-KEPT:], strict=True):
        assert abs(Fraction(found.result) - expected) < Fraction(1, 10**10)
    last = sum((one.result for one in books.open_cycles.values()), Decimal(0))
    whole = books.realized_pnl - books.fees + books.funding
    assert log.gains - log.losses + last == whole


def cycle(result: str) -> Cycle:
    return Cycle(PERPETUAL, 0, 1, Decimal(result))


def log_of(*results: str) -> CycleLog:
    log = CycleLog()
    for result in results:
        log = recorded(log, cycle(result))
    return log


@pytest.mark.parametrize(
    ("results", "wins", "rate", "factor", "in_a_row"),
    [
        ("", 0, None, None, 0),
        ("5", 1, "1.0000", None, 0),
        ("-5", 0, "0.0000", "0.0000", 1),
        ("5 -2 -3", 1, "0.3333", "1.0000", 2),
        ("-2 -3 0", 0, "0.0000", "0.0000", 0),
        ("-2 9 -3", 1, "0.3333", "1.8000", 1),
    ],
)
def test_win_rate_profit_factor_and_losses_in_a_row(
    results: str, wins: int, rate: str | None, factor: str | None, in_a_row: int
) -> None:
    log = log_of(*results.split())
    assert (log.wins, log.losses_in_a_row) == (wins, in_a_row)
    assert (str(log.win_rate) if rate else log.win_rate) == rate
    assert (str(log.profit_factor) if factor else log.profit_factor) == factor


def test_a_log_forgets_the_oldest_cycles_but_not_their_sums() -> None:
    log = log_of(*(str(number) for number in range(1, KEPT + 11)))
    assert [one.result for one in log.recent] == list(range(11, KEPT + 11))
    assert (log.count, log.gains) == (KEPT + 10, sum(range(1, KEPT + 11)))


def test_books_with_cycles_and_lots_survive_the_journal() -> None:
    books = traded(opened(Decimal(1000)), "+2 100 1; -1 150 0.3; f -0.1; -1 99 0; -1 98 0")
    assert msgspec.json.decode(msgspec.json.encode(books), type=Books) == books
    assert module.KEPT >= 20
