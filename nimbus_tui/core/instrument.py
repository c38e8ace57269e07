"""What is traded and its grain; the only place that rounds."""

import re
from decimal import Decimal
from enum import Enum
from functools import lru_cache

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.order import Side

ZERO = Decimal(0)
ONE = Decimal(1)

_SYMBOL = re.compile(r"([A-Z0-9]+)/([A-Z0-9]+)(?::([A-Z0-9]+))?")


class MarketType(Enum):
    """What a position in the instrument is: coins that are owned, or a contract on them."""

    SPOT = "spot"
    PERPETUAL = "perpetual"


class MarginMode(Enum):
    """What stands behind a perpetual position: the whole account, or a part set aside for it."""

    CROSS = "cross"
    ISOLATED = "isolated"


class SymbolParts(msgspec.Struct, frozen=True):
    """A unified symbol taken apart; `settle` is empty on spot."""

    base: Asset
    quote: Asset
    settle: Asset | None

    @property
    def market(self) -> MarketType:
        """Spot where nothing is settled, else perpetual."""
        return MarketType.SPOT if self.settle is None else MarketType.PERPETUAL


@lru_cache(maxsize=4096)
def parse_symbol(symbol: str) -> SymbolParts:
    """Take a unified symbol apart.

    Raises:
        ConfigError: the text is not `BASE/QUOTE` or `BASE/QUOTE:SETTLE` in capitals.
    """
    match = _SYMBOL.fullmatch(symbol)
    if match is None:
        meant = symbol.strip().upper().replace("-", "/").replace("_", "/")
        hint = f" did you mean {meant!r}?" if _SYMBOL.fullmatch(meant) else ""
        raise ConfigError(
            f"{symbol!r} is not a symbol;{hint} write BASE/QUOTE for spot (ETH/USDC) "
            "or BASE/QUOTE:SETTLE for a perpetual (ETH/USDC:USDC)"
        )
    base, quote, settle = match.groups()
    return SymbolParts(Asset(base), Asset(quote), Asset(settle) if settle else None)


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One tradable thing at one venue.

    `tick_size` and `lot_size` are the grains of price and quantity, `min_notional` the least
    price × quantity of an order in quote, fees are shares of the notional (0.0002 = 0.02 %).

    Where a venue also limits the digits of a price, `tick_size` is the finest grain that it ever
    has, `significant_figures` the limit, and `tick_at` the grain that holds at a price. Whole
    numbers are prices whatever their length.
    """

    symbol: Symbol
    tick_size: Decimal
    lot_size: Decimal
    significant_figures: int | None = None
    min_notional: Decimal = ZERO
    maker_fee: Decimal = ZERO
    taker_fee: Decimal = ZERO
    buy_fee_in_base: bool = False
    """Whether a buy pays its fee in the coin that it buys, as spot venues do; else in quote."""

    @property
    def parts(self) -> SymbolParts:
        """Base, quote and settlement asset."""
        return parse_symbol(self.symbol)

    @property
    def base(self) -> Asset:
        """The asset that is bought and sold."""
        return self.parts.base

    @property
    def quote(self) -> Asset:
        """The asset that it is paid in."""
        return self.parts.settle or self.parts.quote

    @property
    def market(self) -> MarketType:
        """Spot or perpetual."""
        return self.parts.market

    def tick_at(self, price: Decimal) -> Decimal:
        """The grain of prices of this size (≥ 0): coarser for large ones if figures are limited."""
        if self.significant_figures is None or not price:
            return self.tick_size
        by_figures = ONE.scaleb(price.adjusted() + 1 - self.significant_figures)
        return max(self.tick_size, min(ONE, by_figures))

    def round_price(self, price: Decimal, side: Side) -> Decimal:
        """The nearest price on the tick that is no worse for us: buys down, sells up."""
        tick = self.tick_at(price)
        ticks, rest = divmod(price, tick)
        return (ticks + 1 if rest and side is Side.SELL else ticks) * tick

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """The largest whole number of lots in a quantity (≥ 0)."""
        return quantity // self.lot_size * self.lot_size

    def round_quantity_up(self, quantity: Decimal) -> Decimal:
        """The least whole number of lots that holds a quantity (≥ 0)."""
        lots, rest = divmod(quantity, self.lot_size)
        return (lots + 1 if rest else lots) * self.lot_size

    def ticks_below(self, price: Decimal) -> int:
        """How many whole ticks of the finest grain fit into a price (≥ 0)."""
        return int(price // self.tick_size)

    def ticks_above(self, price: Decimal) -> int:
        """The least number of ticks of the finest grain that reaches a price (≥ 0)."""
        ticks, rest = divmod(price, self.tick_size)
        return int(ticks) + 1 if rest else int(ticks)

    def on_tick(self, price: Decimal) -> bool:
        """Whether a price is a whole number of the ticks that hold at it."""
        return price % self.tick_at(price) == 0

    def on_lot(self, quantity: Decimal) -> bool:
        """Whether a quantity is a whole number of lots."""
        return quantity % self.lot_size == 0

    def sellable(self, quantity: Decimal, price: Decimal) -> bool:
        """Whether an order of this size is at least one lot and the venue's minimum notional."""
        return quantity >= self.lot_size and quantity * price >= self.min_notional

    def dust(self, held: Decimal, price: Decimal) -> Decimal:
        """What of a holding (≥ 0) no order can bring away: what is less than a lot.

        On spot that is all of it when it is under the least order; a perpetual is reduced by any
        number of lots.
        """
        whole = self.round_quantity(held)
        if self.market is MarketType.SPOT and not self.sellable(whole, price):
            return held
        return held - whole
