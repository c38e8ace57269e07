"""A healthy grid and a strategy that misbehaves as told, side by side in one engine."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from nimbus_tui.core.events import Error
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import DesiredOrder, Order, Side
from nimbus_tui.core.plan import Plan, View, Wake
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.simulation.worlds import instrument

SECOND = 1_000_000_000
ETH = Symbol("ETH/USDC:USDC")
BTC = Symbol("BTC/USDC:USDC")
TO_AND_FRO = [str(2400 + 12 * step) for step in (0, -1, 0, 1, 0, -1, -2, -1, 0, 1, 2, 1, 0)] * 3
"""Prices that fill a grid around 2400 with steps of 12."""


class OddConfig(StrategyConfig, frozen=True, kw_only=True):
    """What it trades."""

    symbol: Symbol = BTC
    size: Decimal = Decimal("0.01")


class OddState(StrategyState, frozen=True, kw_only=True):
    """What came of its orders."""

    bought: int = 0
    stops: int = 0
    starts: int = 0
    configs: tuple[str, ...] = ()


class OddStrategy(BaseTradingStrategy[OddConfig, OddState]):
    """Buys a little below the market, and once more lower; `faults` say what a call does first."""

    Config = OddConfig
    State = OddState
    faults: dict[str, Callable[[], Any]] = {}

    def _fault(self, call: str) -> Any:
        return self.faults[call]() if call in self.faults else None

    def initial_state(self) -> OddState:
        return OddState()

    def change(self, **changes: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    def initialize(self, saved_state: bytes | None) -> None:
        self._fault("initialize")
        super().initialize(saved_state)

    def start(self) -> None:
        self.change(starts=self.state.starts + 1)
        self._fault("start")

    def stop(self) -> None:
        self.change(stops=self.state.stops + 1)
        self._fault("stop")

    def plan(self, view: View) -> Plan:
        answer = self._fault("plan")
        if answer is not None:
            return answer  # type: ignore[no-any-return]
        price = view.prices[self.config.symbol]
        n = self.state.bought
        order = DesiredOrder(
            key=f"odd/{n}",
            symbol=self.config.symbol,
            side=Side.BUY,
            quantity=self.config.size,
            price=Decimal(1990 - 10 * n),
        )
        return Plan((order,), Wake({self.config.symbol: (price - 1, price + 1)}))

    def handle_order_fill(self, fill: Fill) -> None:
        self.change(bought=self.state.bought + 1)
        self._fault("handle_order_fill")

    def handle_order_end(self, order: Order) -> None:
        self._fault("handle_order_end")

    def handle_price_update(self, price: Quote) -> None:
        self._fault("handle_price_update")

    def look(self, view: View) -> None:
        self._fault("look")

    def get_state(self) -> Any:
        return self._fault("get_state")

    def get_statistics(self) -> Any:
        answer = self._fault("get_statistics")
        return {"bought": self.state.bought} if answer is None else answer

    def saved_state(self) -> bytes:
        answer = self._fault("saved_state")
        return super().saved_state() if answer is None else answer  # type: ignore[no-any-return]

    def take_events(self) -> Any:
        answer = self._fault("take_events")
        return super().take_events() if answer is None else answer

    def take_cycles(self) -> Any:
        answer = self._fault("take_cycles")
        return super().take_cycles() if answer is None else answer

    def wanted_claim(self, view: View) -> Any:
        return self._fault("wanted_claim") or {}

    def required_capital(self, *_: Any) -> Any:  # type: ignore[override]
        answer = self._fault("required_capital")
        return Decimal(100) if answer is None else answer

    def update_config(self, config: OddConfig) -> None:
        self.change(configs=(*self.state.configs, f"{self.config.size}>{config.size}"))
        self._fault("update_config")
        super().update_config(config)


class Street:
    """One engine with both bots on one paper exchange; without `odd` the grid lives alone."""

    def __init__(
        self,
        odd: bool = True,
        *,
        max_restarts: int = 5,
        journal: SqliteJournal | None = None,
        store: PaperStore | None = None,
        config: OddConfig | None = None,
        start_ns: int = 0,
    ) -> None:
        self.clock = SimulatedClock(start_ns)
        self.journal = journal or SqliteJournal.open(":memory:")
        self.store = store or PaperStore(":memory:")
        eth, btc = instrument(ETH), instrument(BTC)
        self.exchange = PaperExchange(
            "sim",
            instruments=[eth, btc],
            balances={"USDC": Decimal(100_000)},
            clock=self.clock,
            store=self.store,
        )
        grid = GridConfig(symbol=ETH, levels=3, spacing=Decimal("0.5"), quote_size=Decimal(100))
        config = config or OddConfig()
        self.odd = OddStrategy("odd", config, {BTC: btc})
        specs = [_spec("grid", GridStrategy("grid", grid, {ETH: eth}), {ETH: eth})]
        if odd:
            wanted = msgspec.json.encode(config)
            specs.append(_spec("odd", self.odd, {BTC: btc}, wanted))
        self.engine = Engine(
            EngineSettings(name="test", max_restarts=max_restarts),
            clock=self.clock,
            journal=self.journal,
            exchanges={"sim": self.exchange},
            bots=specs,
            chance=Random(1),
        )
        self.exchange.settle = self.engine.settle
        self.client = LocalClient(self.engine)

    @property
    def bot(self) -> Bot:
        """The one that misbehaves."""
        return self.engine.bots["odd"]

    async def live(self, prices: list[str] = TO_AND_FRO) -> "Street":
        """Start, then let each price happen to ETH and one like it to BTC, looking on."""
        await self.engine.start()
        return await self.go_on(prices)

    async def go_on(self, prices: list[str]) -> "Street":
        for price in prices:
            await self.tick(ETH, Decimal(price))
            await self.tick(BTC, Decimal(price) - 400)
            await self.client.updates(0, focus="odd")
        return self

    async def tick(self, symbol: Symbol, price: Decimal) -> None:
        ts = self.clock.now() + SECOND
        await self.clock.advance_to(ts, self.engine.settle)
        self.exchange.deliver(Tick(ts, symbol, price, Decimal(1)))
        await self.engine.settle()

    def fills_of(self, bot_id: str) -> list[tuple[str | None, Decimal, Decimal, int]]:
        return [(f.key, f.price, f.quantity, f.ts) for f in self.journal.fills(bot_id=bot_id)]

    def errors(self) -> list[Error]:
        found = self.journal.events(types=["error"])
        return [event for event in found if isinstance(event, Error)]


def _spec(
    bot_id: str,
    strategy: BaseTradingStrategy[Any, Any],
    instruments: dict[Symbol, Instrument],
    config: bytes = b"{}",
) -> BotSpec:
    return BotSpec(
        bot_id=bot_id,
        strategy_name=bot_id,
        strategy=strategy,
        exchange="sim",
        instruments=instruments,
        config=config,
    )
