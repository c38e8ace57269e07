"""What a client and the venue server say to each other: JSON messages over a WebSocket.

A client sends a `Call` and gets a `Message` with the call's number; what the venue tells of its own
accord has number 0. Values are our own Structs, so nothing is lost in translation.
"""

from enum import Enum
from typing import Any

import msgspec

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ClientOrderId, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    OrderReport,
    OrderRequest,
    OrderResponse,
)
from nimbus_tui.exchanges.base import FillPage, FundingPage


class Call(msgspec.Struct, frozen=True):
    """One request of a client."""

    number: int
    name: str
    argument: msgspec.Raw
    expires_ns: int = 0
    """After this time the venue refuses to carry it out; 0: never."""


class Kind(Enum):
    """What a message of the venue is."""

    ANSWER = "answer"
    ERROR = "error"
    BUSY = "busy"
    """Too many requests (429): nothing was done."""
    PRICE = "price"
    FILL = "fill"
    ORDER = "order"
    FUNDING = "funding"


class Message(msgspec.Struct, frozen=True):
    """One message of the venue."""

    kind: Kind
    body: msgspec.Raw
    number: int = 0


class Query(msgspec.Struct, frozen=True):
    """Which order is asked for."""

    client_order_id: ClientOrderId
    symbol: Symbol


class Fault(Enum):
    """What can go wrong with a call, and when."""

    HOLD = "hold"
    """It is carried out only after a while."""
    BUSY = "busy"
    """It is not carried out: too many requests."""
    REFUSE = "refuse"
    """An order is refused."""
    SWALLOW = "swallow"
    """It is carried out, and no answer comes."""
    DELAY = "delay"
    """It is carried out, and the answer comes late."""
    LOSE = "lose"
    """It is not carried out, and no answer comes."""
    DROP = "drop"
    """It is carried out, and the connection breaks before the answer."""


class Scripted(msgspec.Struct, frozen=True):
    """The next calls of one name, by the control call `fault`, meet one fault."""

    fault: Fault
    call: str = "place"
    times: int = 1


class Hard(msgspec.Struct, frozen=True):
    """From now on, by the control call `hard`, cancels are refused, then lost, then work again."""

    refuse_s: float
    silent_s: float


class Terms(msgspec.Struct, frozen=True):
    """The types of a call: what it takes, what it gives."""

    takes: Any
    gives: Any


CALLS = {
    "place": Terms(OrderRequest, OrderResponse),
    "cancel": Terms(CancelRequest, CancelResponse),
    "open_orders": Terms(None, list[OrderReport]),
    "order_status": Terms(Query, OrderReport | None),
    "fills_since": Terms(str, FillPage),
    "funding_since": Terms(str, FundingPage),
    "balances": Terms(None, list[Balance]),
    "positions": Terms(None, list[VenuePosition]),
    "account_info": Terms(None, AccountInfo),
    "instruments": Terms(None, list[Instrument]),
    "mark_price": Terms(Symbol, Quote),
}
"""What every client may ask."""

CONTROLS = {
    "tick": Terms(Tick, None),
    "fault": Terms(Scripted, None),
    "fund": Terms(Symbol, None),
    "hard": Terms(Hard, None),
}
"""What only tests ask: make a trade happen, let something go wrong, let a funding time come,
make cancelling hard."""

PUSHED = {Kind.PRICE: Quote, Kind.FILL: Fill, Kind.ORDER: OrderReport, Kind.FUNDING: FundingPayment}


def raw(value: Any) -> msgspec.Raw:
    """A value as it travels."""
    return msgspec.Raw(msgspec.json.encode(value))
