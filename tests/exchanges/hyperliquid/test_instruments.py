"""No price or size that we produce is one that the venue refuses; names and ids keep apart."""

import math
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import Instrument, parse_symbol
from nimbus_tui.core.order import Side
from nimbus_tui.exchanges.hyperliquid.instruments import (
    Universe,
    spot_asset,
    universe,
)
from nimbus_tui.exchanges.hyperliquid.numbers import wire_number
from nimbus_tui.exchanges.hyperliquid.wire_info import (
    Meta,
    PerpAsset,
    SpotMeta,
    SpotPair,
    SpotToken,
    UserFees,
    decode_reply,
)
from tests.exchanges.hyperliquid import recorded
from tests.exchanges.hyperliquid.samples import REPLIES

META = decode_reply(REPLIES["meta"][1], Meta)
SPOT_META = decode_reply(REPLIES["spotMeta"][1], SpotMeta)
UNIVERSE = universe(META, SPOT_META)
NO_SPOT = SpotMeta((), ())


def is_price(text: str, size_decimals: int, most: int) -> bool:
    """The venue's rule, on the digits themselves."""
    whole, _, decimals = text.partition(".")
    if not decimals:
        return True
    digits = (whole + decimals).lstrip("0")
    return len(digits) <= 5 and len(decimals) <= most - size_decimals


@pytest.mark.parametrize(
    ("price", "size_decimals", "most", "allowed"),
    [
        ("1234.5", 1, 6, True),
        ("123456", 5, 6, True),
        ("1234.56", 0, 6, False),
        ("12345.6", 0, 6, False),
        ("0.001234", 0, 6, True),
        ("0.0012345", 0, 6, False),
        ("0.01234", 1, 6, True),
        ("0.012345", 1, 6, False),
        ("2400.1", 4, 6, True),
        ("95.12", 4, 6, True),
        ("2400.15", 4, 6, False),
        ("95.123", 4, 6, False),
        ("0.0001234", 1, 8, True),
        ("0.0001234", 2, 8, False),
    ],
)
def test_the_rule_of_prices_is_that_of_the_venues_table(
    price: str, size_decimals: int, most: int, allowed: bool
) -> None:
    assert is_price(price, size_decimals, most) is allowed
    name = "X" if most == 6 else "Y"
    made = universe(
        Meta((PerpAsset("X", size_decimals),)),
        SpotMeta(
            (SpotPair((1, 0), "@9", 9),),
            (SpotToken("USDC", 8, 0), SpotToken("Y", size_decimals, 1)),
        ),
    )
    instrument = next(one for one in made.instruments if one.base == name)
    assert instrument.on_tick(Decimal(price)) is allowed


prices = st.one_of(
    st.decimals("0.0000001", "0.01", places=10),
    st.decimals("0.01", "100", places=8),
    st.decimals("100", "10000000", places=4),
)


def recorded_universe() -> list[tuple[Instrument, int, int]]:
    """Every instrument of the recorded and the sample lists with its rule."""
    found = [(META, SPOT_META)]
    if recorded.INFO.exists():
        found += [
            (decode_reply(reply, Meta), NO_SPOT)
            for kind, reply in recorded.replies()
            if kind == "meta"
        ]
    rules = []
    for meta, spot_meta in found:
        made = universe(meta, spot_meta)
        by_name = {perp.name: perp.szDecimals for perp in meta.universe}
        by_pair = {
            pair.name: token.szDecimals
            for pair in spot_meta.universe
            for token in spot_meta.tokens
            if token.index == pair.tokens[0]
        }
        for instrument in made.instruments:
            listing = made.listing(instrument.symbol)
            assert listing is not None
            if instrument.market.value == "spot":
                rules.append((instrument, by_pair[listing.coin], 8))
            else:
                rules.append((instrument, by_name[listing.coin], 6))
    return rules


RULES = recorded_universe()


@settings(max_examples=60, deadline=None)
@given(prices, st.decimals(0, 10**6, places=10), st.sampled_from(list(Side)))
def test_no_price_or_size_that_we_produce_is_refused(
    price: Decimal, quantity: Decimal, side: Side
) -> None:
    for instrument, size_decimals, most in RULES:
        rounded = instrument.round_price(price, side)
        assert is_price(wire_number(rounded), size_decimals, most), instrument
        # It is the nearest such price: the rule, done once more on fractions.
        exponent = max(min(math.floor(math.log10(price)), 8), -10)
        decimals = max(0, min(4 - exponent, most - size_decimals))
        assert abs(Fraction(price) - Fraction(rounded)) <= Fraction(1, 10**decimals)
        assert (price - rounded) * side.sign >= 0
        lots = instrument.round_quantity(quantity)
        assert 0 <= quantity - lots < Decimal(1).scaleb(-size_decimals)
        assert len(wire_number(lots).partition(".")[2]) <= size_decimals


def test_perpetuals_are_numbered_first_and_left_out_afterwards() -> None:
    numbers = {
        instrument.base: listing.asset
        for instrument in UNIVERSE.instruments
        if (listing := UNIVERSE.listing(instrument.symbol)) and instrument.parts.settle
    }
    assert numbers == {"BTC": 0, "ETH": 1, "ATOM": 2, "DYDX": 4, "SOL": 5, "KPEPE": 6}
    assert UNIVERSE.left_out == {"MATIC": "delisted"}


def test_spot_ids_are_the_pairs_own_and_tokens_are_found_by_index() -> None:
    purr = UNIVERSE.listing(Symbol("PURR/USDC"))
    hype = UNIVERSE.listing(Symbol("HYPE/USDC"))
    assert purr is not None
    assert hype is not None
    assert (purr.asset, purr.coin, hype.asset, hype.coin) == (10000, "PURR/USDC", 10107, "@107")
    assert hype.instrument == Instrument(
        symbol=Symbol("HYPE/USDC"),
        tick_size=Decimal("0.000001"),
        lot_size=Decimal("0.01"),
        significant_figures=5,
        min_notional=Decimal(10),
        maker_fee=Decimal("0.0004"),
        taker_fee=Decimal("0.0007"),
        buy_fee_in_base=True,
    )


def test_a_perpetual_has_the_accounts_fees_and_its_own_grain() -> None:
    fees = UserFees(Decimal("0.0003"), Decimal("-0.0001"), Decimal("0.0005"), Decimal("0.0002"))
    eth = universe(META, SPOT_META, fees).listing(Symbol("ETH/USDC:USDC"))
    assert eth is not None
    assert (eth.max_leverage, eth.only_isolated) == (25, False)
    assert eth.instrument == Instrument(
        symbol=Symbol("ETH/USDC:USDC"),
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.0001"),
        significant_figures=5,
        min_notional=Decimal(10),
        maker_fee=Decimal("-0.0001"),
        taker_fee=Decimal("0.0003"),
    )


@pytest.mark.parametrize(
    "asset", [PerpAsset("X", 2, onlyIsolated=True), PerpAsset("X", 2, marginMode="noCross")]
)
def test_what_takes_isolated_margin_only_says_so(asset: PerpAsset) -> None:
    listing = universe(Meta((asset,)), NO_SPOT).of_coin("X")
    assert listing is not None
    assert listing.only_isolated


def test_the_ids_of_spot_pairs() -> None:
    assert spot_asset(107) == 10107


def names(made: Universe) -> list[tuple[str, str]]:
    return [
        (instrument.symbol, listing.coin)
        for instrument in made.instruments
        if (listing := made.listing(instrument.symbol))
    ]


@pytest.mark.parametrize("delisted", [False, True])
def test_a_symbol_belongs_to_what_was_listed_first_even_when_that_is_delisted(
    delisted: bool,
) -> None:
    perps = (PerpAsset("kPEPE", 0, isDelisted=delisted), PerpAsset("KPEPE", 0), PerpAsset("A", 1))
    made = universe(Meta(perps), NO_SPOT)
    kept = [] if delisted else [("KPEPE/USDC:USDC", "kPEPE")]
    assert names(made) == [*kept, ("A/USDC:USDC", "A")]
    assert made.left_out["KPEPE"] == "KPEPE/USDC:USDC is kPEPE already"


def test_what_makes_no_symbol_is_left_out_with_the_reason() -> None:
    made = universe(Meta((PerpAsset("xyz:TSLA", 2),)), SpotMeta((SpotPair((8, 9), "@1", 1),), ()))
    assert made.instruments == ()
    assert "not a symbol" in made.left_out["xyz:TSLA"]
    assert made.left_out["@1"] == "one of its tokens is not listed"


@pytest.mark.parametrize(
    ("coin", "market"),
    [("xyz:TSLA", "perpetual"), ("", "perpetual"), ("@1", "spot"), ("é/USDC", "spot")],
)
def test_what_is_not_offered_has_a_symbol_of_its_own(coin: str, market: str) -> None:
    symbol = UNIVERSE.symbol_of(coin)
    assert parse_symbol(symbol).market.value == market
    assert UNIVERSE.listing(symbol) is None
    assert UNIVERSE.symbol_of("other") != symbol


def test_a_delisted_coin_keeps_its_symbol() -> None:
    assert UNIVERSE.symbol_of("MATIC") == "MATIC/USDC:USDC"
    clash = universe(Meta((PerpAsset("kA", 0, isDelisted=True), PerpAsset("KA", 0))), NO_SPOT)
    assert clash.symbol_of("kA") == "KA/USDC:USDC" != clash.symbol_of("KA")


@pytest.mark.parametrize("tokens", [(5, 9), (9, 5), (8, 9)])
def test_a_pair_needs_both_of_its_tokens(tokens: tuple[int, int]) -> None:
    made = universe(Meta(()), SpotMeta((SpotPair(tokens, "@1", 1),), (SpotToken("A", 2, 5),)))
    assert made.instruments == ()
    assert made.left_out == {"@1": "one of its tokens is not listed"}


def test_a_dex_with_another_collateral_is_not_offered() -> None:
    made = universe(Meta((PerpAsset("X", 2),), collateralToken=235), NO_SPOT)
    assert made.left_out == {"X": "its collateral is not USDC"}


def test_tokens_whose_names_differ_in_case_only_are_different_assets() -> None:
    tokens = (SpotToken("USDC", 8, 0), SpotToken("kUSD", 2, 5), SpotToken("KUSD", 2, 7))
    pairs = (SpotPair((7, 0), "@2", 2), SpotPair((5, 0), "@3", 3))
    made = universe(Meta(()), SpotMeta(pairs, tokens))
    assert names(made) == [("KUSD/USDC", "@3")]
    assert [made.asset_of("kUSD", 5), made.asset_of("KUSD", 7)] == ["KUSD", "KUSD#7"]
    assert [made.asset_of("kUSD"), made.asset_of("KUSD")] == ["KUSD", "KUSD#7"]
    assert made.asset_of("+10") == Asset("+10")


def test_of_tokens_with_one_name_the_index_tells_which() -> None:
    made = universe(Meta(()), SpotMeta((), (SpotToken("A", 2, 1), SpotToken("A", 2, 2))))
    assert [made.asset_of("A", 1), made.asset_of("A", 2), made.asset_of("A")] == ["A", "A#2", "A"]


@pytest.mark.parametrize(
    ("name", "token", "known"),
    [("HYPE", 150, True), ("HYPE", None, True), ("HYPE", 999, False), ("+10", None, False)],
)
def test_what_is_a_token_is_told_by_its_index_first(
    name: str, token: int | None, known: bool
) -> None:
    assert UNIVERSE.is_token(name, token) is known


def test_coins_and_symbols_lead_to_each_other() -> None:
    for instrument in UNIVERSE.instruments:
        listing = UNIVERSE.listing(instrument.symbol)
        assert listing is not None
        assert UNIVERSE.of_coin(listing.coin) is listing
        assert instrument.symbol == UNIVERSE.symbol_of(listing.coin)
    assert UNIVERSE.of_coin("NOPE") is None
    assert UNIVERSE.listing(Symbol("NOPE/USDC")) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("100.0", "100"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("0.00000001", "0.00000001"),
        ("2400.10", "2400.1"),
        ("-0", "0"),
        ("0E-9", "0"),
        ("-0.50", "-0.5"),
        ("0.123456780", "0.12345678"),
    ],
)
def test_numbers_are_written_as_they_are_hashed(number: str, text: str) -> None:
    assert wire_number(Decimal(number)) == text


@pytest.mark.parametrize("number", ["0.000000001", "1.123456789", "NaN", "Infinity"])
def test_no_number_is_rounded_in_silence(number: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|sent"):
        wire_number(Decimal(number))


def test_instruments_travel_as_json() -> None:
    for instrument in UNIVERSE.instruments:
        assert instrument == msgspec.json.decode(msgspec.json.encode(instrument), type=Instrument)
