"""The order of one DCA slot: its size and price, its parts, and what its fills do to the sums."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.strategies.dca_config import (
    HUNDRED,
    ONE,
    ZERO,
    DcaConfig,
    sells_coins,
    too_small,
)
from nimbus_tui.strategies.dca_schedule import slot_key


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision looks at besides config and state."""

    now: int
    price: Decimal
    resting: bool
    """Whether an order of a slot may still rest, also while its fate is unknown."""
    held: Decimal
    """The bot's own signed position, in base."""
    cash: Decimal
    """What the bot has left of its capital, in quote."""
    listening_since: int | None
    """From when on a slot that falls due is on time; None while nothing may be added."""


class Unfit(msgspec.Struct, frozen=True):
    """Why a slot can't have an order now; `warns` where the operator should hear of it."""

    reason: str
    warns: bool = True


class OpenSlot(msgspec.Struct, frozen=True, kw_only=True):
    """The slot that is being traded; `part` counts the orders of which something has filled."""

    due: int
    opened_at: int
    quote: Decimal
    """What the slot is to come to, in quote."""
    intended: Decimal = ZERO
    """The same in base, at the price of its first order; all parts together never exceed it."""
    part: int = 1
    type: OrderType = OrderType.MARKET
    price: Decimal | None = None
    quantity: Decimal = ZERO
    """Of this part's order."""
    priced_at: int = 0
    leaving: bool = False
    """Whether the order is taken back, for a new price or because the slot is over."""
    filled: Decimal = ZERO
    spent: Decimal = ZERO
    part_filled: Decimal = ZERO
    note: str = ""

    @property
    def key(self) -> OrderKey:
        """The key of this part's order."""
        return slot_key(self.due, self.part)

    @property
    def price_paid(self) -> Decimal | None:
        """Mean price of the slot's fills."""
        return self.spent / self.filled if self.filled else None

    def with_fill(self, key: OrderKey | None, quantity: Decimal, notional: Decimal) -> "OpenSlot":
        """The slot after a fill; one of an earlier part takes the order back to size it anew."""
        own = key == self.key
        return msgspec.structs.replace(
            self,
            filled=self.filled + quantity,
            spent=self.spent + notional,
            part_filled=self.part_filled + (quantity if own else ZERO),
            leaving=self.leaving or not own,
        )

    def next_part(self) -> "OpenSlot":
        """A key of which something has filled is spent: the rest goes under the next."""
        if not self.part_filled:
            return self
        return self.come_to(self.part + 1)

    def come_to(self, part: int) -> "OpenSlot":
        """The slot at a part, unless it is there already."""
        if part <= self.part:
            return self
        return msgspec.structs.replace(self, part=part, part_filled=ZERO, leaving=True)

    def times(self, config: DcaConfig) -> list[int | None]:
        """When a limit order moves after the price, and when it gives up waiting."""
        if self.type is OrderType.MARKET:
            return []
        reprice, fallback = config.reprice_ns, config.fallback_ns
        return [
            None if reprice is None else self.priced_at + reprice,
            None if fallback is None else self.opened_at + fallback,
        ]

    def looked_after(self, config: DcaConfig, instrument: Instrument, moment: Moment) -> "OpenSlot":
        """The slot with its order resting: a limit that is due for another price leaves."""
        if self.leaving or self.type is OrderType.MARKET:
            return self
        reprice, fallback = (at is not None and at <= moment.now for at in self.times(config))
        if fallback:
            return msgspec.structs.replace(self, leaving=True)
        if not reprice:
            return self
        moved = limit_price(config, instrument, moment.price) != self.price
        return msgspec.structs.replace(
            self, leaving=moved, priced_at=self.priced_at if moved else moment.now
        )


def dip_factor(config: DcaConfig, average_cost: Decimal | None, price: Decimal) -> Decimal:
    """How much more to buy: the deepest dip that the price has reached under the average cost."""
    factor = ONE
    for percent, deeper in config.dip_scale if average_cost is not None else ():
        if price <= (average_cost or ZERO) * (ONE + percent / HUNDRED):
            factor = deeper
    return factor


def limit_price(config: DcaConfig, instrument: Instrument, price: Decimal) -> Decimal:
    """A limit lies below the price when buying, above it when selling."""
    offset = config.offset_percent / HUNDRED * -config.side.sign
    return instrument.round_price(price * (ONE + offset), config.side)


def quoted(
    slot: OpenSlot, config: DcaConfig, instrument: Instrument, moment: Moment
) -> OpenSlot | Unfit:
    """The slot with an order at this moment's price, for what of it is not filled yet."""
    outside = _outside(config, moment.price)
    if outside is not None:
        return outside
    fallback = config.fallback_ns
    tired = fallback is not None and moment.now >= slot.opened_at + fallback
    market = config.order_type is OrderType.MARKET or tired
    price = moment.price if market else limit_price(config, instrument, moment.price)
    if price <= ZERO:
        return Unfit(f"{config.offset_percent} % below {moment.price:f} leaves no price")
    rest = max(ZERO, slot.quote - slot.spent)
    quantity = instrument.round_quantity(rest / price)
    if slot.filled:
        quantity = min(quantity, slot.intended - slot.filled)
    cap, capped = _cap(config, instrument, moment, price)
    if cap is not None and cap < quantity:
        quantity = instrument.round_quantity(max(ZERO, cap))
        if not instrument.sellable(quantity, price):
            return Unfit(capped)
    if not instrument.sellable(quantity, price):
        return Unfit(too_small(rest, instrument, at=price))
    return msgspec.structs.replace(
        slot,
        intended=slot.intended if slot.filled else quantity,
        type=OrderType.MARKET if market else OrderType.LIMIT,
        price=None if market else price,
        quantity=quantity,
        priced_at=moment.now,
        leaving=False,
    )


def _outside(config: DcaConfig, price: Decimal) -> Unfit | None:
    floor, ceiling = config.price_floor, config.price_ceiling
    if floor is not None and price < floor:
        return Unfit(f"the price {price:f} was under price_floor {floor:f}", warns=False)
    if ceiling is not None and price > ceiling:
        return Unfit(f"the price {price:f} was over price_ceiling {ceiling:f}", warns=False)
    return None


def _cap(
    config: DcaConfig, instrument: Instrument, moment: Moment, price: Decimal
) -> tuple[Decimal | None, str]:
    """The most that may be ordered beside the slot's own size, in base, and what to say of it."""
    if sells_coins(config, instrument):
        return moment.held, f"the bot has only {moment.held:f} {instrument.base} left to sell"
    caps = []
    if config.max_position is not None:
        words = f"the position is at max_position, {config.max_position:f} {instrument.base}"
        caps.append((config.max_position - moment.held * config.side.sign, words))
    if instrument.market is MarketType.SPOT and config.side is Side.BUY:
        affordable = moment.cash / (price * (ONE + instrument.taker_fee))
        caps.append((affordable, f"only {moment.cash:f} {instrument.quote} of its capital is left"))
    return min(caps, default=(None, ""))
