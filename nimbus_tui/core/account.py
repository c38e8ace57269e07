"""What a venue says we have."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, Symbol


class Balance(msgspec.Struct, frozen=True):
    """Holdings of one asset; `locked` rests in open orders, `total = free + locked`."""

    asset: Asset
    total: Decimal
    locked: Decimal = Decimal(0)

    @property
    def free(self) -> Decimal:
        """What a new order could use."""
        return self.total - self.locked


class VenuePosition(msgspec.Struct, frozen=True):
    """A derivative position as the venue states it; `quantity` is signed, in base units."""

    symbol: Symbol
    quantity: Decimal
    entry_price: Decimal
    unrealized_pnl: Decimal = Decimal(0)


class AccountInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The account as a whole, in its settlement currency."""

    account: str
    """What identifies the account at the venue (address, user id)."""
    currency: Asset
    equity: Decimal
    can_trade: bool = True
    can_withdraw: bool = False
    fee_assets: tuple[Asset, ...] = ()
    """Assets, beside those that are traded, that the venue takes its fees in (BNB on Binance)."""


class EquityPoint(msgspec.Struct, frozen=True):
    """What a bot was worth at a moment (ns since the epoch), in its quote."""

    ts: int
    equity: Decimal
