"""The built-in instruments."""

from decimal import Decimal

import pytest

from nimbus_tui.core.instrument import MarketType
from nimbus_tui.exchanges.paper.instruments import builtin_instrument, builtin_symbols


@pytest.mark.parametrize("symbol", builtin_symbols())
def test_every_listed_symbol_has_an_instrument_with_sensible_terms(symbol: str) -> None:
    instrument = builtin_instrument(symbol)
    assert instrument is not None
    assert instrument.symbol == symbol
    assert instrument.tick_size > 0
    assert instrument.lot_size > 0
    assert (instrument.maker_fee, instrument.taker_fee) == (Decimal("0.0002"), Decimal("0.0005"))
    assert instrument.min_notional == 10


@pytest.mark.parametrize(
    "base", ["BTC", "ETH", "SOL", "BNB", "XRP", "MATIC", "DOGE", "ADA", "AVAX"]
)
@pytest.mark.parametrize("quote", ["USDC", "USDT"])
def test_common_coins_are_there_on_spot_and_as_perpetuals(base: str, quote: str) -> None:
    spot, perpetual = (builtin_instrument(f"{base}/{quote}{end}") for end in ("", f":{quote}"))
    assert spot is not None
    assert perpetual is not None
    assert (spot.market, perpetual.market) == (MarketType.SPOT, MarketType.PERPETUAL)


@pytest.mark.parametrize("symbol", ["NONE/USDC", "BTC/EUR", "BTC/USDC:BTC", "btc/usdc", "BTC", ""])
def test_a_symbol_that_is_not_listed_has_none(symbol: str) -> None:
    assert builtin_instrument(symbol) is None
