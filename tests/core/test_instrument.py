"""Rounding stays on tick and lot, and never gives money away."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core import events
from nimbus_tui.core.codec import plain
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.instrument import Instrument, parse_symbol
from nimbus_tui.core.order import Side

grains = st.sampled_from([Decimal(g) for g in ("0.00001", "0.01", "0.5", "1", "25")])
amounts = st.decimals("0.000001", 100_000, places=6)


@given(grains, grains, amounts, st.sampled_from(list(Side)))
def test_prices_round_to_the_tick_and_never_to_our_harm(
    tick: Decimal, lot: Decimal, amount: Decimal, side: Side
) -> None:
    instrument = Instrument(symbol="ETH/USDC", tick_size=tick, lot_size=lot)
    rounded = instrument.round_price(amount, side)
    assert instrument.on_tick(rounded)
    assert abs(rounded - amount) < tick
    assert (rounded - amount) * side.sign <= 0
    quantity = instrument.round_quantity(amount)
    assert instrument.on_lot(quantity)
    assert 0 <= amount - quantity < lot


@pytest.mark.parametrize("text", ["eth/usdc", "ETHUSDC", "ETH/", "ETH/USDC:", "ETH-USDC", ""])
def test_a_symbol_that_is_none_is_explained(text: str) -> None:
    with pytest.raises(ConfigError, match="BASE/QUOTE"):
        parse_symbol(text)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_plain_numbers_have_no_exponent(number: Decimal) -> None:
    assert "E" not in plain(number)
    assert Decimal(plain(number)) == number


NAMES = (
    "priceUpdate orderPlaced orderFilled orderCancelled orderRejected positionUpdate balanceUpdate "
    "gridRebalanced dcaOrderExecuted portfolioRebalanced martingaleTriggered stopLossTriggered "
    "takeProfitTriggered positionLimitWarning circuitBreakerActivated riskEscalated riskCleared "
    "connected disconnected initialized started paused resumed stopped configChanged error warning "
    "info"
)


def test_the_event_vocabulary_is_the_fixed_one() -> None:
    kinds = events.AnyEvent.__args__
    assert NAMES.split() == [kind.__struct_config__.tag for kind in kinds]
    raw = msgspec.json.encode(events.Info(message="x", seq=3))
    assert msgspec.json.decode(raw, type=events.AnyEvent) == events.Info(message="x", seq=3)
