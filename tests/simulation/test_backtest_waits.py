"""Skipping quiet ticks must not skip anybody who waits."""

from decimal import Decimal
from random import Random
from typing import Any

from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.simulation.backtest import Backtest
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState
from tests.simulation.worlds import instrument

PAIR = ("BTC/USDC", "ETH/USDC")


class PairStrategy(BaseTradingStrategy[StrategyConfig, StrategyState]):
    """One buy a little under the first price of each of two symbols."""

    Config = StrategyConfig
    State = StrategyState

    def initial_state(self) -> StrategyState:
        return StrategyState()

    @classmethod
    def required_capital(cls, config: Any, instruments: Any, prices: Any) -> Decimal:
        return Decimal(1000)

    def plan(self, view: View) -> Plan:
        return Plan(
            tuple(
                DesiredOrder(
                    key=f"pair/{symbol}",
                    symbol=symbol,
                    side=Side.BUY,
                    price=Decimal(90),
                    quantity=Decimal(1),
                )
                for symbol in PAIR
                if f"pair/{symbol}" not in self.bought
            )
        )

    bought: frozenset[str] = frozenset()

    def handle_order_fill(self, fill: Any) -> None:
        self.bought |= {str(fill.key)}


async def test_a_bot_of_two_symbols_begins_once_both_have_a_price() -> None:
    traded = {symbol: instrument(symbol) for symbol in PAIR}
    clock = SimulatedClock(0)
    exchange = PaperExchange(
        "sim",
        instruments=list(traded.values()),
        balances={"USDC": Decimal(10_000)},
        clock=clock,
        store=PaperStore(":memory:"),
    )
    engine = Engine(
        EngineSettings(name="test"),
        clock=clock,
        journal=SqliteJournal.open(":memory:"),
        exchanges={"sim": exchange},
        bots=[
            BotSpec(
                bot_id="pair",
                strategy_name="pair",
                strategy=PairStrategy("pair", StrategyConfig(), traded),
                exchange="sim",
                instruments=traded,
            )
        ],
        chance=Random(1),
    )
    exchange.settle = engine.settle
    prices = [("BTC/USDC", 100), ("ETH/USDC", 100), ("BTC/USDC", 89), ("ETH/USDC", 89)]
    ticks = [
        Tick((number + 1) * 1_000_000_000, symbol, Decimal(price), Decimal(1))
        for number, (symbol, price) in enumerate(prices)
    ]
    await Backtest(engine, exchange, clock).run(ticks)
    assert [fill.symbol for fill in engine.journal.fills()] == list(PAIR)
    await engine.stop()
