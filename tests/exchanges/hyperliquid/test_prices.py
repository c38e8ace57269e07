"""The newest price of a coin, from best prices, trades and mark prices in any order."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.exchanges.hyperliquid.prices import REPEAT_AFTER_NS, PriceBoard
from nimbus_tui.exchanges.hyperliquid.wire_records import AssetCtx, Bbo, Level, Trade
from tests.exchanges.hyperliquid.decoded import UNIVERSE

D = Decimal
BTC, HYPE = Symbol("BTC/USDC:USDC"), Symbol("HYPE/USDC")
NOW = 1_790_000_000_000_000_000


def bbo(bid: int | None, ask: int | None, time: int = 10, coin: str = "BTC") -> Bbo:
    sides = [None if price is None else Level(D(price), D(1), 1) for price in (bid, ask)]
    return Bbo(coin, time, (sides[0], sides[1]))


def trade(price: int, time: int = 10, tid: int = 1, coin: str = "BTC") -> Trade:
    return Trade(coin, "B", D(price), D(1), time, tid)


def context(mark: int) -> AssetCtx:
    return AssetCtx(markPx=D(mark), prevDayPx=D(1), dayNtlVlm=D(1))


def quote(price: str, time: int = 10, mark: int | None = None) -> Quote:
    return Quote(BTC, D(price), time * NS_PER_MS, None if mark is None else D(mark))


def board() -> PriceBoard:
    return PriceBoard(UNIVERSE)


def test_without_a_trade_it_is_the_middle_of_the_best_prices() -> None:
    assert board().bbo(bbo(100, 101), NOW) == quote("100.5")


def test_the_last_trade_counts_as_long_as_it_lies_in_the_spread() -> None:
    prices = board()
    assert prices.trades([trade(103, time=9)], NOW) is None
    assert prices.bbo(bbo(100, 110), NOW) == quote("103")
    assert prices.bbo(bbo(104, 110, 11), NOW) == quote("104", 11)
    assert prices.bbo(bbo(100, 102, 12), NOW) == quote("102", 12)


def test_one_side_alone_bounds_the_last_trade_and_is_no_price_without_one() -> None:
    prices = board()
    assert prices.bbo(bbo(100, None), NOW) is None
    assert prices.trades([trade(99)], NOW) == quote("100")
    assert prices.bbo(bbo(None, 90, 11), NOW) == quote("90", 11)
    assert prices.bbo(bbo(None, None, 12), NOW) is None
    assert prices.newest(BTC) is None


def test_of_many_trades_the_newest_counts_and_repeated_ones_do_not() -> None:
    prices = board()
    prices.bbo(bbo(1, 1000), NOW)
    assert prices.trades([trade(5, 20, 7), trade(6, 20, 9), trade(7, 19)], NOW) == quote("6", 20)
    assert prices.trades([], NOW) is None
    later = NOW + 2 * REPEAT_AFTER_NS
    assert prices.trades([trade(4, 20, 8), trade(6, 20, 9), trade(3, 5)], later) is None
    assert prices.newest(BTC) == quote("6", 20)


def test_a_price_that_stays_is_told_once_a_second() -> None:
    prices = board()
    prices.bbo(bbo(100, 102), NOW)
    assert prices.bbo(bbo(100, 102, 11), NOW + REPEAT_AFTER_NS - 1) is None
    assert prices.bbo(bbo(99, 103, 12), NOW + REPEAT_AFTER_NS - 1) is None
    assert prices.bbo(bbo(99, 103, 13), NOW + REPEAT_AFTER_NS) == quote("101", 13)


def test_a_clock_that_is_set_back_does_not_silence_a_price_that_stays() -> None:
    prices = board()
    prices.bbo(bbo(100, 102), NOW)
    assert prices.bbo(bbo(100, 102, 11), NOW - 1) == quote("101", 11)


def test_a_mark_price_is_told_with_the_price_and_alone_is_none() -> None:
    prices = board()
    assert prices.context("BTC", context(7), NOW) is None
    assert prices.bbo(bbo(100, 102), NOW) == quote("101", mark=7)
    assert prices.context("BTC", context(7), NOW) is None
    assert prices.context("BTC", context(8), NOW) == quote("101", mark=8)


def test_contexts_of_spot_and_of_what_is_not_listed_say_nothing() -> None:
    prices = board()
    assert prices.bbo(bbo(40, 42, coin="@107"), NOW) == Quote(HYPE, D(41), 10 * NS_PER_MS)
    assert prices.context("@107", context(7), NOW) is None
    assert prices.context("WHO", context(7), NOW) is None
    assert prices.newest(HYPE) == Quote(HYPE, D(41), 10 * NS_PER_MS)
    assert prices.newest(Symbol("WHO/USDC")) is None


def test_after_a_loss_nothing_stands_and_the_first_price_is_told_again() -> None:
    prices = board()
    prices.trades([trade(101)], NOW)
    prices.bbo(bbo(100, 102), NOW)
    prices.clear()
    assert prices.newest(BTC) is None
    assert prices.bbo(bbo(100, 102, 11), NOW) == quote("101", 11)


def test_coins_do_not_mix() -> None:
    prices = board()
    prices.bbo(bbo(100, 102), NOW)
    prices.trades([trade(3000, 99, coin="ETH")], NOW)
    assert prices.newest(BTC) == quote("101")


Sides = tuple[int | None, int | None]
Said = Sides | tuple[str, int, int] | str
MESSAGES: st.SearchStrategy[list[Said]] = st.lists(
    st.one_of(
        st.tuples(st.none() | st.integers(1, 50), st.none() | st.integers(51, 100)),
        st.tuples(st.just("trade"), st.integers(1, 100), st.integers(0, 30)),
        st.just("clear"),
    ),
    max_size=30,
)


@given(MESSAGES)
def test_a_price_never_lies_outside_of_what_can_be_traded_at(messages: list[Said]) -> None:
    prices = board()
    bid: int | None = None
    ask: int | None = None
    time = 0
    for message in messages:
        if isinstance(message, str):
            prices.clear()
            bid = ask = None
        elif len(message) == 3:
            prices.trades([trade(message[1], message[2], message[1])], NOW)
        else:
            time += 1
            bid, ask = message
            prices.bbo(bbo(bid, ask, time), NOW)
        newest = prices.newest(BTC)
        if bid is None and ask is None:
            assert newest is None
        if newest is not None:
            assert bid is None or newest.price >= bid
            assert ask is None or newest.price <= ask
