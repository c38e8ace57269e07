"""What holding a perpetual has paid or cost at one funding time."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, BotId, ExchangeName, FundingId, Symbol


class FundingPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment to (`amount` > 0) or by us; identified by (`exchange`, `funding_id`).

    `ts` in ns. `rate`, `position` (signed, base) and `mark_price` say how it came about, where the
    venue does: −1 × position × mark price × rate. `bot_id` is empty until the engine has found
    the bot that holds the symbol, and stays so where there is none.
    """

    exchange: ExchangeName
    funding_id: FundingId
    symbol: Symbol
    amount: Decimal
    asset: Asset
    ts: int
    rate: Decimal | None = None
    position: Decimal | None = None
    mark_price: Decimal | None = None
    bot_id: BotId | None = None
