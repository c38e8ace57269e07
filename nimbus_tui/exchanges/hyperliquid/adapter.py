"""Hyperliquid behind the same interface as any venue: composes, parses nothing, signs nothing."""

from collections.abc import Callable, Sequence
from random import Random

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ConfigError, ExchangeError, UnsupportedByExchange
from nimbus_tui.core.ids import ClientOrderId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarginMode, MarketType
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderResponse,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.exchanges.base import (
    Capabilities,
    ConnectionStatus,
    FillCallback,
    FillPage,
    Finding,
    FundingCallback,
    FundingPage,
    LinkCallback,
    OrderCallback,
    PriceCallback,
    Unsubscribe,
)
from nimbus_tui.exchanges.hyperliquid.access import Access, find_access
from nimbus_tui.exchanges.hyperliquid.connection import Connection
from nimbus_tui.exchanges.hyperliquid.findings import findings
from nimbus_tui.exchanges.hyperliquid.holdings import Holdings
from nimbus_tui.exchanges.hyperliquid.instruments import Listing
from nimbus_tui.exchanges.hyperliquid.margin import Margin
from nimbus_tui.exchanges.hyperliquid.nonce_file import SignerNonces
from nimbus_tui.exchanges.hyperliquid.nonces import Nonces
from nimbus_tui.exchanges.hyperliquid.order_desk import EXPIRES_AFTER_S, OrderDesk
from nimbus_tui.exchanges.hyperliquid.posting import Posting
from nimbus_tui.exchanges.hyperliquid.secp256k1 import Signer, signer
from nimbus_tui.exchanges.hyperliquid.sent_orders import SentOrders
from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings
from nimbus_tui.exchanges.hyperliquid.trading import Trading
from nimbus_tui.exchanges.hyperliquid.user_events import UserEvents
from nimbus_tui.exchanges.net.budget import Budgets

FINAL_AFTER_S = float(EXPIRES_AFTER_S + 10)
"""Past its deadline an order can't be carried out any more; the rest is for clocks and blocks."""
CLOID_LENGTH = 32


class HyperliquidExchange:
    """One market (spot or perpetuals) of one account at one network.

    Without an account it tells prices only. `private_key` is asked for at the first connection and
    kept nowhere but in the signer; `nonces` keeps those of each key over restarts.
    """

    def __init__(
        self,
        name: ExchangeName,
        settings: HyperliquidSettings,
        *,
        clock: Clock,
        budgets: Budgets,
        chance: Random,
        private_key: Callable[[], str] | None = None,
        nonces: SignerNonces | None = None,
    ) -> None:
        is_perpetual = settings.market is MarketType.PERPETUAL
        self.name = name
        self.settings = settings
        self.capabilities = Capabilities(
            spot=not is_perpetual,
            perpetual=is_perpetual,
            reduce_only=is_perpetual,
            trigger_orders=is_perpetual,
            order_deadline=True,
            dead_man_switch=True,
            leverage=is_perpetual,
            request_arrives_within_s=float(EXPIRES_AFTER_S),
            not_found_is_final_after_s=FINAL_AFTER_S,
            max_client_order_id=CLOID_LENGTH,
        )
        sent = SentOrders()
        self.connection = Connection(name, settings, clock=clock, budgets=budgets, chance=chance)
        self._users = UserEvents(
            name,
            settings.user,
            settings.market,
            clock=clock,
            sent=sent,
            read_executed=lambda order: self._trading.executed(order),
        )
        if settings.account:
            self.connection.users = self._users
        self._posting = Posting(
            self.connection.rest,
            self.connection.session,
            self.connection.link.send,
            settings.network,
        )
        self._desk = OrderDesk(
            self._posting.post,
            clock=clock,
            venue_now_ms=self.connection.venue_now_ms,
            budget=self.connection.budget,
            address=self.connection.address,
        )
        self._trading = Trading(self.connection, self._users, sent, self._desk)
        self._margin = Margin(self.connection, self._posting)
        self._holdings = Holdings(self.connection)
        self._private_key = private_key
        self._signer_nonces = nonces
        self._signs_as = ""
        self.access: Access | None = None
        """How actions are signed; None before the first connection, and without a key."""

    # connection

    async def connect(self) -> None:
        """Find out how the key may trade, then open the connection."""
        if self.connection.is_up:
            return
        await self.connection.learn()
        if self._private_key is not None and self.access is None:
            await self._open_access(self._private_key())
        await self.connection.open()

    async def _open_access(self, private_key: str) -> None:
        try:
            key = signer(private_key)
            access = await find_access(
                self.connection.rest,
                self.settings.user,
                key.address,
                self.settings.network,
                self.connection.venue_now_ms(),
            )
            self._posting.open(key, self._nonces(key), access)
        except ConfigError as error:
            raise ExchangeError(str(error)) from error
        self.access = access
        self._holdings.own_key = access.own_key

    def _nonces(self, key: Signer) -> Nonces:
        if self._signer_nonces is None:
            return Nonces(self.connection.clock.now)
        if self._signs_as:
            self._signer_nonces.close(self._signs_as)
            self._signs_as = ""
        nonces = self._signer_nonces.open(key.address)
        self._signs_as = key.address
        return nonces

    async def disconnect(self) -> None:
        """Close the connection; resting orders stay. Harmless the second time."""
        await self._desk.close()
        await self._users.close()
        await self.connection.close()
        if self._signer_nonces is not None and self._signs_as:
            self._signer_nonces.close(self._signs_as)
            self._signs_as, self.access = "", None

    def is_connected(self) -> bool:
        """Whether everything that was asked for is on."""
        return self.connection.is_up

    def connection_status(self) -> ConnectionStatus:
        """How the connection is doing, and whether only post-only orders are taken."""
        return self.connection.status(self._desk.is_post_only)

    async def check(self) -> Sequence[Finding]:
        """What is to be said about the account: its role, agent, budget and fees."""
        return await findings(self.connection, self.access)

    # orders

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        """Send one order, if it never left before."""
        if not self.settings.account or self._private_key is None:
            missing = "`account`" if not self.settings.account else "`secret`"
            return Refused(RefusalKind.INVALID, f"{self.name} can't trade: it has no {missing}")
        try:
            return await self._trading.place(request)
        except ExchangeError as error:
            return Refused(RefusalKind.BUSY, str(error))

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        """Cancel one order, by the venue's id where it is known."""
        try:
            return await self._trading.cancel(request)
        except ExchangeError as error:
            return Refused(RefusalKind.BUSY, str(error))

    async def open_orders(self) -> Sequence[OrderReport]:
        """Every live order of the account in this market."""
        return await self._trading.open_orders()

    async def order_status(
        self, client_order_id: ClientOrderId, symbol: Symbol
    ) -> OrderReport | NotFound:
        """One order by our id, also when it has ended."""
        return await self._trading.look_up(client_order_id)

    async def fills_since(self, cursor: str) -> FillPage:
        """The account's fills after a cursor, oldest first."""
        return await self._trading.fills_since(cursor)

    async def funding_since(self, cursor: str) -> FundingPage:
        """The account's funding payments after a cursor, oldest first."""
        return await self._trading.funding_since(cursor)

    # account

    async def balances(self) -> Sequence[Balance]:
        """All non-zero balances of this market."""
        return await self._holdings.balances()

    async def positions(self) -> Sequence[VenuePosition]:
        """All open positions; empty on spot."""
        return await self._holdings.positions()

    async def account_info(self) -> AccountInfo:
        """The account as a whole."""
        return await self._holdings.info()

    async def set_leverage(
        self, symbol: Symbol, leverage: int, margin_mode: MarginMode = MarginMode.CROSS
    ) -> None:
        """Set leverage and margin mode of a perpetual, and read back whether they hold."""
        await self._margin.set_leverage(self._listing(symbol), leverage, margin_mode)

    async def cancel_all_after(self, seconds: float | None) -> Refused | Unknown | None:
        """Let the venue cancel all orders of the account after so long, or (None) not any more."""
        if self.access is None:
            raise UnsupportedByExchange(self.name, "a dead man's switch without a key")
        return await self._margin.cancel_all_after(seconds)

    # prices

    async def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here, in this market."""
        known = await self.connection.learn()
        return [one for one in known.instruments if one.market is self.settings.market]

    async def mark_price(self, symbol: Symbol) -> Quote:
        """The newest price of a symbol: from the stream, else from the book."""
        self._listing(symbol)
        return await self.connection.quote(symbol)

    def subscribe_price_updates(self, symbol: Symbol, callback: PriceCallback) -> Unsubscribe:
        """Call back on every new price of a symbol."""
        return self.connection.subscribe_prices(symbol, callback)

    def _listing(self, symbol: Symbol) -> Listing:
        listing = self.connection.known.listing(symbol)
        if listing is None or listing.instrument.market is not self.settings.market:
            raise ExchangeError(f"{self.name} does not trade {symbol}")
        return listing

    # the account's events

    def subscribe_order_fills(self, callback: FillCallback) -> Unsubscribe:
        """Call back on every execution of ours."""
        return self._users.fills.add(callback)

    def subscribe_funding(self, callback: FundingCallback) -> Unsubscribe:
        """Call back on every funding payment."""
        return self._users.funding.add(callback)

    def subscribe_order_updates(self, callback: OrderCallback) -> Unsubscribe:
        """Call back when an order of ours changes state."""
        return self._users.orders.add(callback)

    def subscribe_link(self, callback: LinkCallback) -> Unsubscribe:
        """Call back when the connection is lost and when data flows again."""
        return self.connection.links.add(callback)


async def listed(
    settings: HyperliquidSettings, *, clock: Clock, budgets: Budgets, chance: Random
) -> Sequence[Instrument]:
    """What is traded in a market, with the account's fees if there is one; no stream is opened."""
    exchange = HyperliquidExchange(
        ExchangeName("hyperliquid"), settings, clock=clock, budgets=budgets, chance=chance
    )
    try:
        return await exchange.instruments()
    finally:
        await exchange.connection.http.close()
