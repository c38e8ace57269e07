"""A martingale on a simulated venue, put together by hand for tests."""

from decimal import Decimal
from random import Random
from typing import Any

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.strategies.martingale import MartingaleStrategy
from nimbus_tui.strategies.martingale_steps import MartingaleConfig
from tests.simulation.worlds import World, instrument


def sol(symbol: str = "SOL/USDC:USDC", **changes: Any) -> Instrument:
    """SOL's grain: tick 0.01, lot 0.001, at least 10 USDC, fees 0.02 % and 0.05 %."""
    return instrument(symbol, **({"lot_size": Decimal("0.001")} | changes))


def config_of(symbol: str = "SOL/USDC:USDC", **parameters: Any) -> MartingaleConfig:
    """Base 100, times 2, three steps of 1.5 % widening by 1.2, take profit 1 %."""
    given: dict[str, Any] = {
        "symbol": symbol,
        "base_quote": Decimal(100),
        "multiplier": Decimal(2),
        "step_percent": Decimal("1.5"),
        "step_scale": Decimal("1.2"),
        "max_steps": 3,
        "take_profit": Decimal(1),
    }
    return MartingaleConfig(**(given | parameters))


class MartingaleWorld(World):
    """One martingale, one paper exchange, one simulated clock, all in memory."""

    def __init__(
        self,
        traded: Instrument | None = None,
        *,
        balances: dict[str, Decimal] | None = None,
        venue: PaperSettings | None = None,
        limits: RiskLimits | None = None,
        journal: SqliteJournal | None = None,
        store: PaperStore | None = None,
        close_on_stop: bool = False,
        start_ns: int = 0,
        **parameters: Any,
    ) -> None:
        traded = traded or sol()
        self.instrument = traded
        self.clock = SimulatedClock(start_ns)
        self.exchange = PaperExchange(
            "sim",
            instruments=[traded],
            balances=balances or {traded.quote: Decimal(10_000)},
            clock=self.clock,
            store=store or PaperStore(":memory:"),
            settings=venue,
        )
        config = config_of(traded.symbol, **parameters)
        self.strategy = MartingaleStrategy("sol", config, {traded.symbol: traded})
        self.engine = Engine(
            EngineSettings(name="test"),
            clock=self.clock,
            journal=journal or SqliteJournal.open(":memory:"),
            exchanges={"sim": self.exchange},
            bots=[
                BotSpec(
                    bot_id="sol",
                    strategy_name="martingale",
                    strategy=self.strategy,
                    exchange="sim",
                    instruments={traded.symbol: traded},
                    limits=limits or RiskLimits(),
                    close_on_stop=close_on_stop,
                )
            ],
            chance=Random(1),
        )
        self.exchange.settle = self.engine.settle

    @property
    def bot(self) -> Any:
        """The one bot."""
        return self.engine.bots["sol"]

    def orders(self) -> list[str]:
        """Live orders as `key side price quantity`, in the order of their keys."""
        return [
            f"{key} {order.side.value} {order.price} {order.quantity}"
            for key, order in sorted(self.bot.keeper.live.items())
        ]

    def told(self) -> list[str]:
        """Fills as `key side price quantity`, oldest first."""
        return [f"{f.key} {f.side.value} {f.price} {f.quantity}" for f in self.fills()]
