"""Paper venues put together for tests, and a price source that follows a script."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import (
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Side,
)
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.simulation.clock import SimulatedClock

PERPETUAL = "ETH/USDC:USDC"
SPOT = "ETH/USDC"
MS = 1_000_000


def instrument(symbol: str = PERPETUAL, **changes: Any) -> Instrument:
    """ETH's grain unless said otherwise."""
    grain = {
        "tick_size": Decimal("0.01"),
        "lot_size": Decimal("0.001"),
        "min_notional": Decimal(10),
        "maker_fee": Decimal("0.0002"),
        "taker_fee": Decimal("0.0005"),
    }
    return Instrument(symbol=symbol, **(grain | changes))


def paper(
    *symbols: str,
    store: PaperStore | None = None,
    clock: SimulatedClock | None = None,
    balances: dict[str, str] | None = None,
    source: Any = None,
    **settings: Any,
) -> PaperExchange:
    """A paper exchange in memory with 10,000 USDC."""
    return PaperExchange(
        "sim",
        instruments=[instrument(symbol) for symbol in symbols or (PERPETUAL,)],
        balances={a: Decimal(b) for a, b in (balances or {"USDC": "10000"}).items()},
        clock=clock or SimulatedClock(0),
        store=store or PaperStore(":memory:"),
        source=source,
        settings=PaperSettings(**settings),
    )


def request(
    identity: str, side: Side = Side.BUY, price: str | None = "2388", **changes: Any
) -> OrderRequest:
    """One ETH perpetual at a limit, or at market without a price."""
    terms: dict[str, Any] = {
        "client_order_id": identity,
        "symbol": PERPETUAL,
        "side": side,
        "type": OrderType.MARKET if price is None else OrderType.LIMIT,
        "price": None if price is None else Decimal(price),
        "quantity": Decimal(1),
    }
    return OrderRequest(**(terms | changes))


def tick(price: str, ts: int = 1, *, size: str = "0", symbol: str = PERPETUAL) -> Tick:
    """A public trade."""
    return Tick(ts, symbol, Decimal(price), Decimal(size))


class ScriptedSource:
    """Ticks of a list; the position is how many have been given. `fault` is raised at the end."""

    def __init__(self, ticks: Sequence[Tick], fault: Exception | None = None) -> None:
        self._ticks = ticks
        self._fault = fault
        self._given = 0
        self.begun_at: list[str] = []

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the script."""
        return tuple({one.symbol for one in self._ticks})

    def position(self) -> str:
        """How many ticks have been given."""
        return str(self._given)

    async def ticks(self, position: str) -> AsyncIterator[Tick]:
        """The ticks behind a position."""
        self.begun_at.append(position)
        for number, one in enumerate(self._ticks[int(position or 0) :], int(position or 0) + 1):
            self._given = number
            yield one
        if self._fault is not None:
            raise self._fault


async def fills(exchange: PaperExchange) -> list[tuple[str, str, str, bool]]:
    page = await exchange.fills_since("")
    return [
        (str(f.client_order_id), f"{f.price.normalize():f}", f"{f.quantity.normalize():f}", f.maker)
        for f in page.fills
    ]


async def totals(exchange: PaperExchange) -> dict[str, Decimal]:
    return {one.asset: one.total for one in await exchange.balances()}


async def state(exchange: PaperExchange, identity: str) -> OrderState:
    report = await exchange.order_status(identity, PERPETUAL)
    assert isinstance(report, OrderReport)
    return report.state


def kind(answer: object) -> RefusalKind | None:
    return answer.kind if isinstance(answer, Refused) else None


async def travel(clock: SimulatedClock, ts: int) -> None:
    async def settled() -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    await settled()
    await clock.advance_to(ts, settled)
    await settled()
