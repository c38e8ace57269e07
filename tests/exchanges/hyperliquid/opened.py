"""An adapter that is connected to a venue of its own, and all that it has told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from random import Random
from typing import Any

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ClientOrderId, ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import CancelRequest, OrderReport, OrderRequest, Side
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.hyperliquid.adapter import HyperliquidExchange
from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings
from nimbus_tui.exchanges.hyperliquid.signing import Network
from nimbus_tui.exchanges.net.budget import Budgets
from tests.exchanges.hyperliquid.fast_clock import FastClock
from tests.exchanges.hyperliquid.server.sdk import MASTER, MASTER_KEY
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

ETH = Symbol("ETH/USDC:USDC")
COIN = "ETH"
PATIENCE_S = 20.0
"""How long a test waits for what must come; it comes much sooner unless something is wrong."""


def our(number: int) -> ClientOrderId:
    """An id as this program makes them."""
    return ClientOrderId(f"nb{number:030x}")


def buy(number: int = 1, price: str | None = "2388", **changes: Any) -> OrderRequest:
    """A small post-only buy of ETH under the market of 2400."""
    terms: dict[str, Any] = {
        "client_order_id": our(number),
        "symbol": ETH,
        "side": Side.BUY,
        "price": None if price is None else Decimal(price),
        "quantity": Decimal("0.05"),
        "post_only": True,
    }
    return OrderRequest(**(terms | changes))


def cancel_of(number: int = 1, **known: Any) -> CancelRequest:
    """Cancel such an order, by our id unless the venue's is `known`."""
    return CancelRequest(client_order_id=our(number), symbol=ETH, **known)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def adapter(
    server: HyperliquidServer,
    *,
    name: str = "hl",
    account: str = MASTER,
    key: str | None = MASTER_KEY,
    clock: Clock | None = None,
    budgets: Budgets | None = None,
    market: MarketType = MarketType.PERPETUAL,
    signed_for_the_other_network: bool = False,
) -> HyperliquidExchange:
    """An adapter for a server, not connected yet."""
    clock = clock or LiveClock()
    is_mainnet = server.world.mainnet is not signed_for_the_other_network
    exchange = HyperliquidExchange(
        ExchangeName(name),
        HyperliquidSettings(
            network=Network.MAINNET if is_mainnet else Network.TESTNET,
            market=market,
            account=account,
            rest_url=server.rest_url,
            ws_url=server.ws_url,
        ),
        clock=clock,
        budgets=budgets or Budgets(clock),
        chance=Random(1),
        private_key=None if key is None else lambda: key,
    )
    if isinstance(clock, FastClock):
        # Deadlines are held against the loop's timer too, which nobody hurries here.
        exchange.connection._read_clock = exchange.connection.rest.exchange_status  # type: ignore[method-assign, assignment]
    return exchange


class Opened:
    """Both ends, and what the adapter has told, in order."""

    def __init__(self, server: HyperliquidServer, exchange: HyperliquidExchange) -> None:
        self.server = server
        self.exchange = exchange
        self.fills: list[Fill] = []
        self.reports: list[OrderReport] = []
        self.quotes: list[Quote] = []
        self.funding: list[FundingPayment] = []
        self.links: list[tuple[bool, str]] = []
        exchange.subscribe_order_fills(self.fills.append)
        exchange.subscribe_order_updates(self.reports.append)
        exchange.subscribe_price_updates(ETH, self.quotes.append)
        exchange.subscribe_funding(self.funding.append)
        exchange.subscribe_link(lambda is_up, reason: self.links.append((is_up, reason)))

    @property
    def account(self) -> Any:
        """The account as the venue knows it."""
        return self.server.account(self.exchange.settings.user)

    async def move(self, price: str, **more: Any) -> None:
        """Let ETH trade at a price."""
        await self.server.move(COIN, Decimal(price), **more)

    async def caught_up(self) -> None:
        """Wait until all that the venue has said was taken in: answers come in order."""
        answered = asyncio.Event()
        session = self.exchange.connection.session
        _, text = session.post("info", b'{"type":"exchangeStatus"}', lambda _: answered.set())
        await self.exchange.connection.link.send(text)
        await asyncio.wait_for(answered.wait(), PATIENCE_S)

    async def traded(self) -> Decimal:
        """What all fills make together, read from the history by cursor."""
        total, cursor, more = Decimal(0), "", True
        while more:
            page = await self.exchange.fills_since(cursor)
            total += sum((fill.signed_quantity for fill in page.fills), Decimal(0))
            cursor, more = page.cursor, page.more
        return total


@asynccontextmanager
async def opened(
    prepare: Callable[[HyperliquidServer], Awaitable[None]] | None = None, **given: Any
) -> AsyncIterator[Opened]:
    """A venue with ETH at 2400 and a funded account, a connected adapter; no rule is broken."""
    async with HyperliquidServer(clock=given.get("clock")) as server:
        server.fund(MASTER)
        await server.move(COIN, Decimal(2400))
        if prepare is not None:
            await prepare(server)
        exchange = adapter(server, **given)
        both = Opened(server, exchange)
        try:
            await exchange.connect()
            yield both
        finally:
            await exchange.disconnect()
        assert server.audit.violations == []
