"""Rounding stays on tick and lot, and never gives money away."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument, MarketType, SymbolParts, parse_symbol
from nimbus_tui.core.order import Side

GRAINS = ("0.00000001", "0.00001", "0.01", "0.05", "0.5", "1", "25", "1E+3")
grains = st.sampled_from([Decimal(grain) for grain in GRAINS])
amounts = st.decimals(0, 1_000_000, places=10)
sides = st.sampled_from(list(Side))


def with_grains(tick: Decimal | str, lot: Decimal | str, symbol: str = "ETH/USDC") -> Instrument:
    return Instrument(symbol=Symbol(symbol), tick_size=Decimal(tick), lot_size=Decimal(lot))


def is_whole(amount: Decimal, grain: Decimal) -> bool:
    return (Fraction(amount) / Fraction(grain)).denominator == 1


@pytest.mark.parametrize(
    ("tick", "price", "buy", "sell"),
    [
        ("0.01", "2412.005", "2412.00", "2412.01"),
        ("0.01", "2412.01", "2412.01", "2412.01"),
        ("0.05", "100.04", "100.00", "100.05"),
        ("0.5", "100.4999", "100", "100.5"),
        ("25", "49", "25", "50"),
        ("1E-8", "0.000000019", "0.00000001", "0.00000002"),
        ("1E+3", "2999.9", "2000", "3000"),
        ("0.01", "0.001", "0", "0.01"),
    ],
)
def test_buys_round_down_and_sells_up(tick: str, price: str, buy: str, sell: str) -> None:
    instrument = with_grains(tick, "1")
    assert Decimal(buy) == instrument.round_price(Decimal(price), Side.BUY)
    assert Decimal(sell) == instrument.round_price(Decimal(price), Side.SELL)


@pytest.mark.parametrize(
    ("lot", "quantity", "down", "up"),
    [
        ("0.001", "0.0419", "0.041", "0.042"),
        ("0.001", "0.041", "0.041", "0.041"),
        ("0.001", "0.0009", "0", "0.001"),
        ("10", "19.99", "10", "20"),
        ("1", "0", "0", "0"),
    ],
)
def test_quantities_round_to_whole_lots(lot: str, quantity: str, down: str, up: str) -> None:
    instrument = with_grains("1", lot)
    assert Decimal(down) == instrument.round_quantity(Decimal(quantity))
    assert Decimal(up) == instrument.round_quantity_up(Decimal(quantity))


@given(grains, amounts, sides)
def test_a_price_rounds_to_the_nearest_tick_that_is_no_worse_for_us(
    tick: Decimal, price: Decimal, side: Side
) -> None:
    rounded = with_grains(tick, "1").round_price(price, side)
    assert is_whole(rounded, tick)
    # What we give up is never negative and less than a tick.
    assert 0 <= (price - rounded) * side.sign < tick


@given(grains, amounts, sides)
def test_rounding_a_rounded_price_changes_nothing(
    tick: Decimal, price: Decimal, side: Side
) -> None:
    instrument = with_grains(tick, "1")
    rounded = instrument.round_price(price, side)
    assert rounded == instrument.round_price(rounded, side)
    assert rounded == instrument.round_price(rounded, side.opposite)


@given(grains, amounts)
def test_quantities_are_bracketed_by_whole_lots(lot: Decimal, quantity: Decimal) -> None:
    instrument = with_grains("1", lot)
    down, up = instrument.round_quantity(quantity), instrument.round_quantity_up(quantity)
    assert is_whole(down, lot)
    assert is_whole(up, lot)
    assert down <= quantity <= up
    assert (up - down) == (Decimal(0) if is_whole(quantity, lot) else lot)


@given(grains, amounts)
def test_ticks_below_and_above_bracket_the_price(tick: Decimal, price: Decimal) -> None:
    instrument = with_grains(tick, "1")
    below, above = instrument.ticks_below(price), instrument.ticks_above(price)
    assert below * tick <= price <= above * tick
    assert above - below == (0 if is_whole(price, tick) else 1)


@given(grains, st.integers(0, 10**9))
def test_a_whole_number_of_ticks_is_counted_exactly(tick: Decimal, count: int) -> None:
    instrument = with_grains(tick, "1")
    assert count == instrument.ticks_below(count * tick) == instrument.ticks_above(count * tick)


@given(grains, amounts)
def test_on_tick_and_on_lot_mean_a_whole_number_of_them(grain: Decimal, amount: Decimal) -> None:
    assert is_whole(amount, grain) is with_grains(grain, "7").on_tick(amount)
    assert is_whole(amount, grain) is with_grains("7", grain).on_lot(amount)


def with_figures(tick: str, figures: int = 5) -> Instrument:
    return Instrument(
        symbol=Symbol("BTC/USDC:USDC"),
        tick_size=Decimal(tick),
        lot_size=Decimal(1),
        significant_figures=figures,
    )


@pytest.mark.parametrize(
    ("tick", "price", "grain", "buy", "sell"),
    [
        ("0.1", "9999.97", "0.1", "9999.9", "10000"),
        ("0.1", "12345.6", "1", "12345", "12346"),
        ("0.01", "95.123", "0.01", "95.12", "95.13"),
        ("0.01", "2400.15", "0.1", "2400.1", "2400.2"),
        ("0.1", "105055.4", "1", "105055", "105056"),
        ("0.1", "123456", "1", "123456", "123456"),
        ("0.000001", "0.99999999", "0.00001", "0.99999", "1"),
        ("0.000001", "0.0012345", "0.000001", "0.001234", "0.001235"),
        ("0.000001", "0", "0.000001", "0", "0"),
    ],
)
def test_where_figures_are_limited_large_prices_have_coarser_ticks_but_whole_numbers_hold(
    tick: str, price: str, grain: str, buy: str, sell: str
) -> None:
    instrument = with_figures(tick)
    assert Decimal(grain) == instrument.tick_at(Decimal(price))
    assert Decimal(buy) == instrument.round_price(Decimal(price), Side.BUY)
    assert Decimal(sell) == instrument.round_price(Decimal(price), Side.SELL)


@given(st.sampled_from(["0.000001", "0.01", "1"]), amounts, sides, st.integers(1, 7))
def test_a_price_of_limited_figures_stays_on_its_ticks_and_is_no_worse_for_us(
    tick: str, price: Decimal, side: Side, figures: int
) -> None:
    instrument = with_figures(tick, figures)
    rounded = instrument.round_price(price, side)
    assert instrument.on_tick(rounded)
    assert rounded == instrument.round_price(rounded, side.opposite)
    assert 0 <= (price - rounded) * side.sign < instrument.tick_at(price)


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [
        ("0.01", "1000", True),
        ("0.01", "999.99", False),
        ("0.009", "100000", False),
        ("5", "2", True),
        ("0", "1000", False),
    ],
)
def test_an_order_needs_a_lot_and_the_least_notional(
    quantity: str, price: str, expected: bool
) -> None:
    instrument = Instrument(
        symbol=Symbol("ETH/USDC"),
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.01"),
        min_notional=Decimal(10),
    )
    assert instrument.sellable(Decimal(quantity), Decimal(price)) is expected


@pytest.mark.parametrize(
    ("symbol", "base", "quote", "settle", "paid_in", "market"),
    [
        ("ETH/USDC", "ETH", "USDC", None, "USDC", MarketType.SPOT),
        ("ETH/USDC:USDC", "ETH", "USDC", "USDC", "USDC", MarketType.PERPETUAL),
        ("BTC/USD:USDT", "BTC", "USD", "USDT", "USDT", MarketType.PERPETUAL),
        ("1000PEPE/USDT", "1000PEPE", "USDT", None, "USDT", MarketType.SPOT),
    ],
)
def test_a_symbol_says_what_is_traded(
    symbol: str, base: str, quote: str, settle: str | None, paid_in: str, market: MarketType
) -> None:
    instrument = with_grains("1", "1", symbol)
    expected = (base, quote, settle)
    parts = parse_symbol(symbol)
    assert expected == (parts.base, parts.quote, parts.settle)
    assert (base, paid_in, market) == (instrument.base, instrument.quote, instrument.market)
    assert parts == instrument.parts
    assert isinstance(parts, SymbolParts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "ETHUSDC",
        "ETH-USDC",
        "ETH_USDC",
        "ETH/",
        "/USDC",
        "eth/usdc",
        "Eth/USDC",
        "ETH/USDC:",
        "ETH/USDC:usdc",
        "ETH:USDC",
        "ETH/USDC/USDT",
        "ETH/USDC:USDC:USDC",
        "ETH / USDC",
        " ETH/USDC",
        "ETH/USDC ",
        "ETH/USDC\n",
        "ETH/USDC:USDC\n",
        "ÉTH/USDC",
        "ETH/USDC٣",
    ],
)
def test_a_symbol_that_is_none_is_explained_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_symbol(text)
    assert repr(text) in str(caught.value)
    assert "ETH/USDC:USDC" in str(caught.value)


@pytest.mark.parametrize(
    ("symbol", "held", "dust"),
    [
        ("ETH/USDC", "0.002", "0.002"),
        ("ETH/USDC", "0.00503", "0.00003"),
        ("ETH/USDC", "0.005", "0"),
        ("ETH/USDC:USDC", "0.002", "0"),
        ("ETH/USDC:USDC", "0.00203", "0.00003"),
        ("ETH/USDC", "0", "0"),
    ],
)
def test_dust_is_what_no_order_can_bring_away(symbol: str, held: str, dust: str) -> None:
    traded = Instrument(
        symbol=Symbol(symbol),
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.0001"),
        min_notional=Decimal(10),
    )
    assert traded.dust(Decimal(held), Decimal(2400)) == Decimal(dust)
