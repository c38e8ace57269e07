"""What the engine asks of every venue, and what a paper venue asks of a price source."""

from collections.abc import AsyncIterator, Callable, Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

import msgspec

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ClientOrderId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderResponse,
    Refused,
    Unknown,
)

PriceCallback = Callable[[Quote], None]
"""Takes the newest price of a symbol; must return at once."""

FillCallback = Callable[[Fill], None]
"""Takes one execution of ours, at least once each; must return at once."""

FundingCallback = Callable[[FundingPayment], None]
"""Takes one funding payment of the account, at least once each; must return at once."""

OrderCallback = Callable[[OrderReport], None]
"""Takes what the venue says of an order of ours; must return at once."""

LinkCallback = Callable[[bool, str], None]
"""Takes whether data flows, and why it doesn't; must return at once."""

Unsubscribe = Callable[[], None]
"""Ends a subscription; harmless the second time."""


class Link(Enum):
    """The state of a venue's connection."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"


class StreamHeard(msgspec.Struct, frozen=True):
    """When a channel that may be silent for hours was heard last.

    Whatever proves that the channel is alive counts, the venue's pong included.
    """

    name: str
    """What it carries, e.g. `own orders` or `own fills`."""
    heard_ns: int
    """By our clock, ns since the epoch."""


class ConnectionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue's connection is doing; times in ms, `rate_used` a share of the budget (0–1)."""

    link: Link
    ping_ms: float | None = None
    data_age_ms: float | None = None
    reconnects: int = 0
    rate_used: float = 0.0
    detail: str = ""
    clock_offset_ms: float | None = None
    """The venue's time minus ours; None where it is not measured."""
    streams: tuple[StreamHeard, ...] = ()
    """The account's own channels; empty where they can't be silent without the link telling."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue offers, so that nobody needs to find out by failing."""

    spot: bool = False
    perpetual: bool = False
    post_only: bool = True
    reduce_only: bool = False
    trigger_orders: bool = False
    amend_keeps_identity: bool = False
    """Whether an amended order keeps its ids and place; else cancel, confirm, place."""
    order_deadline: bool = False
    """Whether the venue itself refuses a request after a deadline that we set."""
    dead_man_switch: bool = False
    """Whether the venue cancels the account's orders by itself once it hears nothing of us."""
    leverage: bool = False
    """Whether the leverage and the margin mode of a derivative can be set."""
    request_arrives_within_s: float = 0.0
    """How long after its leaving a request may still reach the venue's book."""
    not_found_is_final_after_s: float = 0.0
    """How long after its sending an order that the venue doesn't list may still turn up."""
    not_found_frees_the_id: bool = True
    """Whether such an order is dead for certain; else a new try must use the same id again."""
    max_client_order_id: int = 36
    """Most characters of a client order id."""


class FillPage(msgspec.Struct, frozen=True):
    """Fills after a cursor, oldest first; `cursor` continues behind the last of them."""

    fills: tuple[Fill, ...]
    cursor: str
    more: bool = False


class FundingPage(msgspec.Struct, frozen=True):
    """Funding payments after a cursor, oldest first; `cursor` continues behind the last of them."""

    payments: tuple[FundingPayment, ...]
    cursor: str
    more: bool = False


class Area(Enum):
    """What a look at a venue is about; findings are told in this order."""

    CONNECTION = "connection"
    NETWORK = "network"
    CLOCK = "clock"
    INSTRUMENTS = "instruments"
    ACCOUNT = "account"
    AGENT = "agent"
    PERMISSIONS = "permissions"
    BALANCES = "balances"
    POSITIONS = "positions"
    ORDERS = "orders"
    BUDGETS = "budgets"
    FEES = "fees"


class Verdict(Enum):
    """Whether what was found lets bots trade: yes, yes but mind it, no."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at, in a sentence; `remedy` says what to do unless it is ok."""

    area: Area
    verdict: Verdict
    text: str
    remedy: str = ""


@runtime_checkable
class Checkable(Protocol):
    """A venue that knows more about itself than the calls that every venue has can tell."""

    async def check(self) -> Sequence[Finding]:
        """What is to be said about this venue and this account beyond those calls.

        The connection, clock, instruments, balances, positions, open orders and the budget in use
        are looked at by whoever asks. Reads only, and is called while connected; what can't be
        found out is a finding too, never an exception.
        """
        ...


class Exchange(Protocol):
    """One account at one venue. Every adapter offers all of this and passes the contract suite.

    Calls that read raise `ExchangeError` when the venue fails. Calls that order never raise for
    a venue's failure: they answer Accepted, Refused or Unknown.
    """

    name: ExchangeName
    capabilities: Capabilities

    async def connect(self) -> None:
        """Open the connections; returns when market and user data flow.

        Harmless while they are open: nothing is told twice afterwards.
        """
        ...

    async def disconnect(self) -> None:
        """Close the connections; resting orders stay. Harmless the second time."""
        ...

    def is_connected(self) -> bool:
        """Whether data flows now."""
        ...

    def connection_status(self) -> ConnectionStatus:
        """How the connection is doing."""
        ...

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        """Send one order. The same client id twice never makes two orders."""
        ...

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        """Cancel one order. Accepted means that it is no longer live, not that it did not fill."""
        ...

    async def open_orders(self) -> Sequence[OrderReport]:
        """Every live order of the account, also those that aren't ours."""
        ...

    async def order_status(
        self, client_order_id: ClientOrderId, symbol: Symbol
    ) -> OrderReport | NotFound:
        """One order by our id, also when it has ended."""
        ...

    async def fills_since(self, cursor: str) -> FillPage:
        """The account's fills after a cursor (empty = all that the venue keeps), oldest first."""
        ...

    async def funding_since(self, cursor: str) -> FundingPage:
        """The account's funding payments after a cursor (empty = all that the venue keeps)."""
        ...

    def subscribe_price_updates(self, symbol: Symbol, callback: PriceCallback) -> Unsubscribe:
        """Call back on every new price of a symbol."""
        ...

    async def mark_price(self, symbol: Symbol) -> Quote:
        """The newest price of a symbol."""
        ...

    def subscribe_order_fills(self, callback: FillCallback) -> Unsubscribe:
        """Call back on every execution of ours."""
        ...

    def subscribe_funding(self, callback: FundingCallback) -> Unsubscribe:
        """Call back on every funding payment of the account; never on a spot account."""
        ...

    def subscribe_order_updates(self, callback: OrderCallback) -> Unsubscribe:
        """Call back when an order of ours changes state."""
        ...

    def subscribe_link(self, callback: LinkCallback) -> Unsubscribe:
        """Call back when the connection is lost and when data flows again.

        After each return the caller compares orders and fills: what happened meanwhile is not
        told again.
        """
        ...

    async def balances(self) -> Sequence[Balance]:
        """All non-zero balances."""
        ...

    async def positions(self) -> Sequence[VenuePosition]:
        """All open derivative positions; empty on a spot account."""
        ...

    async def account_info(self) -> AccountInfo:
        """The account as a whole."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        ...

    async def set_leverage(
        self, symbol: Symbol, leverage: int, margin_mode: MarginMode = MarginMode.CROSS
    ) -> None:
        """Set a derivative's leverage and margin mode, and see that the venue has them so.

        Raises:
            UnsupportedByExchange: there is no such setting here.
            ExchangeError: the venue refuses, does not answer, or says something else afterwards;
                the text says which.
        """
        ...

    async def cancel_all_after(self, seconds: float | None) -> Refused | Unknown | None:
        """Set the account's dead-man's switch, or clear it (None).

        Unless it is set again or cleared within so many seconds, the venue cancels every order of
        the account, also those that aren't ours. None is the answer when it is done.

        Raises:
            UnsupportedByExchange: the venue has no such switch.
        """
        ...


@runtime_checkable
class Extendable(Protocol):
    """A venue that only trades what it has been told of."""

    def obstacle(self, instrument: Instrument) -> str:
        """Why a symbol can't be traded here from now on; empty where it can."""
        ...

    def add_market(self, instrument: Instrument) -> None:
        """Trade a symbol from now on; harmless where it is traded already."""
        ...


@runtime_checkable
class ExtendableSource(Protocol):
    """A source that can give prices of one more symbol while it delivers."""

    def add_market(self, instrument: Instrument) -> None:
        """Give this symbol's prices too from now on."""
        ...


class PriceSource(Protocol):
    """Where a paper venue's prices come from: replayed, synthetic or a live public feed."""

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols it has prices for."""
        ...

    def ticks(self, position: str) -> AsyncIterator[Tick]:
        """Ticks in time order, from behind a position (empty = from the start)."""
        ...

    def position(self) -> str:
        """Where the source stands after the tick it delivered last; survives a restart."""
        ...
