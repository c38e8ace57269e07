"""How numbers are printed and which prices are taken; both as the reference shows it."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side
from nimbus_tui.exchanges.hyperliquid import instruments
from nimbus_tui.exchanges.hyperliquid.wire_info import Meta, SpotMeta, decode_reply
from tests.exchanges.hyperliquid.server.grain import (
    has_too_many_decimals,
    has_too_many_figures,
    snap,
    stripped,
    text,
)
from tests.exchanges.hyperliquid.server.universe import Universe, recorded_or_small, small


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("2400", "2400.0"),
        ("0.01470", "0.0147"),
        ("136", "136.0"),
        ("0.000", "0.0"),
        ("1E+3", "1000.0"),
    ],
)
def test_a_number_has_a_decimal_and_no_padding(value: str, printed: str) -> None:
    assert text(Decimal(value)) == printed


@pytest.mark.parametrize(("value", "sent"), [("2400.10", "2400.1"), ("100.0", "100"), ("0.0", "0")])
def test_a_number_is_hashed_without_padding(value: str, sent: str) -> None:
    assert stripped(value) == sent


@pytest.mark.parametrize(
    ("px", "spot", "sz_decimals", "taken"),
    [
        ("1234.5", False, 1, True),
        ("123456", False, 1, True),
        ("1234.56", False, 1, False),
        ("12345.6", False, 1, False),
        ("0.001234", False, 0, True),
        ("0.0012345", False, 0, False),
        ("0.01234", False, 1, True),
        ("0.012345", False, 1, False),
        ("2400.1", False, 4, True),
        ("95.12", False, 4, True),
        ("2400.15", False, 4, False),
        ("95.123", False, 4, False),
        ("0.0001234", True, 0, True),
        ("0.0001234", True, 1, True),
        ("0.0001234", True, 2, False),
    ],
)
def test_the_references_prices_are_taken_or_not(
    px: str, spot: bool, sz_decimals: int, taken: bool
) -> None:
    assert taken is is_taken(Decimal(px), spot=spot, sz_decimals=sz_decimals)


def is_taken(px: Decimal, *, spot: bool, sz_decimals: int) -> bool:
    decimals = has_too_many_decimals(px, spot=spot, sz_decimals=sz_decimals)
    return not (decimals or has_too_many_figures(px))


PRICES = st.decimals(Decimal("0.001"), Decimal(1_000_000), places=8)


@given(PRICES, st.booleans(), st.integers(0, 5))
def test_a_snapped_price_is_taken(px: Decimal, up: bool, sz_decimals: int) -> None:
    snapped = snap(px, spot=False, sz_decimals=sz_decimals, up=up)
    assert is_taken(snapped, spot=False, sz_decimals=sz_decimals)
    assert snapped >= px if up else snapped <= px


def offered(universe: Universe) -> list[tuple[str, Instrument]]:
    """What the engine offers of a list, by the venue's names."""
    meta, spot_meta = (msgspec.json.encode(told) for told in (universe.meta, universe.spot_meta))
    ours = instruments.universe(decode_reply(meta, Meta), decode_reply(spot_meta, SpotMeta))
    found = ((coin, ours.of_coin(coin)) for coin in universe.markets)
    return [(coin, listing.instrument) for coin, listing in found if listing is not None]


UNIVERSES = {"small": small(), "recorded": recorded_or_small()}
OFFERED = {name: offered(universe) for name, universe in UNIVERSES.items()}


@pytest.mark.parametrize("name", UNIVERSES)
@given(px=PRICES, side=st.sampled_from(Side), place=st.integers(0))
def test_the_engines_prices_are_taken_by_rules_that_it_does_not_know(
    name: str, px: Decimal, side: Side, place: int
) -> None:
    coin, instrument = OFFERED[name][place % len(OFFERED[name])]
    rounded = instrument.round_price(px, side)
    if rounded > 0:
        assert is_taken(rounded, **UNIVERSES[name].markets[coin].grain)
