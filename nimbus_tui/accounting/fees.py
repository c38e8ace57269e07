"""What a fee takes: from the coins that were bought, or from the quote at its worth then."""

from decimal import Decimal

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument, MarketType

ZERO = Decimal(0)


def received(fill: Fill, instrument: Instrument) -> Decimal:
    """What a fill does to the position, signed: on spot a fee in the base asset leaves less."""
    spot = instrument.market is MarketType.SPOT
    return fill.signed_quantity - (fill.fee if spot and _in_base(fill, instrument) else ZERO)


def fee_value(
    fill: Fill, instrument: Instrument, fee_price: Decimal | None = None
) -> Decimal | None:
    """A fee in quote: as it is, in base at the fill's price, else at `fee_price` (quote for one).

    None where it takes a price and there is none: an unknown cost is not a cost of 0. A fill that
    carries its `fee_quote` was valued when it happened, and that stands.
    """
    if fill.fee_quote is not None:
        return fill.fee_quote
    if fill.fee_asset == instrument.quote or not fill.fee:
        return fill.fee
    if _in_base(fill, instrument):
        return fill.fee * fill.price
    return None if fee_price is None else fill.fee * fee_price


def _in_base(fill: Fill, instrument: Instrument) -> bool:
    return fill.fee_asset == instrument.base
