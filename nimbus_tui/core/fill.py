"""One execution of one order of ours."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, BotId, ClientOrderId, ExchangeName, OrderKey, Symbol, TradeId
from nimbus_tui.core.order import Side


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution; identified by (`exchange`, `trade_id`).

    `price` in quote, `quantity` in base (> 0), `fee` in `fee_asset` (< 0 = rebate), `ts` in ns.
    `bot_id` and `key` are empty until the engine has matched the client id to an order; with them
    comes `fee_quote`, what the fee was worth in quote then (None: nobody could say).
    """

    exchange: ExchangeName
    trade_id: TradeId
    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: Asset
    maker: bool
    ts: int
    bot_id: BotId | None = None
    key: OrderKey | None = None
    fee_quote: Decimal | None = None
    forced: bool = False
    """Whether the venue made it by itself, without an order: a liquidation or auto-deleveraging."""

    @property
    def signed_quantity(self) -> Decimal:
        """What the fill does to the position, in base units."""
        return self.quantity * self.side.sign

    @property
    def notional(self) -> Decimal:
        """Price × quantity, in quote."""
        return self.price * self.quantity
