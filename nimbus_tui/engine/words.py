"""What the engine tells of money that moved, in sentences."""

from nimbus_tui.core.codec import plain
from nimbus_tui.core.events import Event, Info, Warning
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.instrument import Instrument


def unvalued_fee(fill: Fill, instrument: Instrument) -> str:
    """A fee whose worth nobody can say; the fill itself is in the books."""
    return (
        f"the fee of {plain(fill.fee)} {fill.fee_asset} for fill {fill.trade_id} is not in the "
        f"books' fees: {fill.exchange} gives no price of {fill.fee_asset} in {instrument.quote}"
    )


def told_funding(payment: FundingPayment, instrument: Instrument) -> Event:
    """A funding payment, and whether the books could take it."""
    verb = "received" if payment.amount > 0 else "paid"
    what = f"funding {verb}: {plain(abs(payment.amount))} {payment.asset} on {payment.symbol}"
    if payment.asset == instrument.quote:
        return Info(message=what)
    return Warning(message=f"{what}; the books are in {instrument.quote} and leave it out")
