"""The running sums of a DCA bot: exact for as long as it lives, however few slots are kept."""

from decimal import Decimal

import msgspec

from nimbus_tui.accounting.fees import fee_value, received
from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument

ZERO = Decimal(0)


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What all slots together came to.

    | order | bought | invested | mean price | average cost |
    |---|---|---|---|---|
    | $50 at 40,000 | 0.00125000 | $50 | 40,000.00 | 40,000.00 |
    | $50 at 41,000 | 0.00121951 | $100 | 40,500.00 | 40,493.83 |
    """

    orders: int = 0
    """Slots of which anything has filled: those that count towards `max_orders`."""
    invested: Decimal = ZERO
    """Quote that fills came to, fees left out."""
    traded: Decimal = ZERO
    """Base that fills came to."""
    price_sum: Decimal = ZERO
    """Sum over the slots of each one's own mean price."""
    skipped: int = 0
    missed: int = 0
    position: Position = Position()
    """What the bot's own fills add up to, with what it cost."""

    @property
    def mean_price(self) -> Decimal | None:
        """Plain mean of the slots' prices."""
        return self.price_sum / self.orders if self.orders else None

    @property
    def average_cost(self) -> Decimal | None:
        """Quote spent ÷ base bought, fees in; when selling what was got for each unit."""
        return self.position.average_cost

    def with_skipped(self, count: int) -> "Tally":
        """The sums after so many more slots were left out by a rule."""
        return msgspec.structs.replace(self, skipped=self.skipped + count)

    def with_missed(self, count: int) -> "Tally":
        """The sums after so many more slots were missed."""
        return msgspec.structs.replace(self, missed=self.missed + count)

    def with_fill(
        self, fill: Fill, instrument: Instrument, before: Decimal | None, after: Decimal
    ) -> "Tally":
        """The sums after a fill of a slot whose own mean price it moved; None: it had none."""
        return msgspec.structs.replace(
            self,
            orders=self.orders + (before is None),
            invested=self.invested + fill.notional,
            traded=self.traded + fill.quantity,
            price_sum=self.price_sum + after - (before or ZERO),
            position=_after(self.position, fill, instrument),
        )

    def with_closing(self, fill: Fill, instrument: Instrument) -> "Tally":
        """The sums after a fill that is no slot's: the engine closes the position."""
        if self.position.quantity * fill.signed_quantity >= 0:
            return self
        return msgspec.structs.replace(self, position=_after(self.position, fill, instrument))


def _after(position: Position, fill: Fill, instrument: Instrument) -> Position:
    """As the books do it: a fee in the base leaves less, and costs its worth."""
    fee = fee_value(fill, instrument) or ZERO
    return trade(position, received(fill, instrument), fill.price, fee)[0]
