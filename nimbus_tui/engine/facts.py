"""What can arrive at the engine from outside, the items of the inbox, and a bot's share of it."""

import msgspec

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import CancelResponse, OrderReport, OrderResponse


class FillArrived(msgspec.Struct, frozen=True):
    """A venue tells of an execution."""

    exchange: ExchangeName
    fill: Fill


class FundingArrived(msgspec.Struct, frozen=True):
    """A venue tells of a funding payment."""

    exchange: ExchangeName
    payment: FundingPayment


class OrderReported(msgspec.Struct, frozen=True):
    """A venue tells how an order stands."""

    exchange: ExchangeName
    report: OrderReport


class PlacementAnswered(msgspec.Struct, frozen=True):
    """The answer to a placement."""

    bot_id: BotId
    client_order_id: ClientOrderId
    response: OrderResponse


class CancelAnswered(msgspec.Struct, frozen=True):
    """The answer to a cancel."""

    bot_id: BotId
    client_order_id: ClientOrderId
    response: CancelResponse


class OrderNotFound(msgspec.Struct, frozen=True):
    """A look-up that is final: the venue has no such order."""

    bot_id: BotId
    client_order_id: ClientOrderId


class FillsRead(msgspec.Struct, frozen=True):
    """All fills up to a cursor have been put into the inbox before this."""

    exchange: ExchangeName
    cursor: str


class FundingRead(msgspec.Struct, frozen=True):
    """All funding payments up to a cursor have been put into the inbox before this."""

    exchange: ExchangeName
    cursor: str


class BotDue(msgspec.Struct, frozen=True):
    """A bot's time has come, or a command wants it to look again."""

    bot_id: BotId
    replan: bool = False


OrderFact = FillArrived | OrderReported | PlacementAnswered | CancelAnswered | OrderNotFound
"""What changes an order."""

BotFact = OrderFact | FundingArrived
"""What changes a bot."""

Fact = BotFact | FillsRead | FundingRead | BotDue


class Batch(msgspec.Struct, frozen=True):
    """What a bot is given for one turn."""

    facts: tuple[BotFact, ...] = ()
    quotes: tuple[Quote, ...] = ()
    replan: bool = False
