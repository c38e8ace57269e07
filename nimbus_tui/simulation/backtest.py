"""Recorded prices through the production engine, as fast as the machine allows.

Ticks that touch no order and leave no wake band are skipped: nobody would do anything about them.
Equity is looked at on every tick all the same, so the drawdown is exact.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import chain

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import DataError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.plan import Band
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.simulation.curve import EquityCurve, Point

ZERO = Decimal(0)
SAMPLE_NS = 60 * NS_PER_SECOND
"""Distance of the equity curve's points between fills."""
REPORT_EVERY = 2_000
"""Ticks between two reports of progress."""


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run beside the engine's own books."""

    ticks: int
    first_ts: int
    last_ts: int
    equity: list[Point]
    bot_equity: dict[BotId, list[Point]]
    max_drawdown: dict[BotId, Decimal]
    marks: list[Quote]
    """The newest price of each symbol."""


class Backtest:
    """One run: a started-to-be engine, its one paper exchange, and the ticks."""

    def __init__(self, engine: Engine, exchange: PaperExchange, clock: SimulatedClock) -> None:
        self._engine = engine
        self.exchange = exchange
        self.clock = clock
        self._bands: dict[Symbol, Band] = {}
        self._funding_due: int | None = None
        self._seen_seq = 0
        self._equity: dict[BotId, Decimal] = {}
        self._curves: dict[BotId, EquityCurve] = {}
        self._total = EquityCurve()
        self._by_symbol: dict[Symbol, list[Bot]] = {}

    async def run(
        self, ticks: Iterable[Tick], on_progress: Callable[[int], None] | None = None
    ) -> BacktestResult:
        """Let every tick happen and return the curves.

        Raises:
            DataError: a price file is broken, or there was no tick at all.
        """
        coming = iter(ticks)
        first = next(coming, None)
        if first is None:
            raise DataError("there is no tick to replay")
        self.clock.jump(max(first.ts, self.clock.now()))
        await self._engine.start()
        self._watch_bots()
        count = 0
        next_sample = first.ts
        for tick in chain([first], coming):
            await self._happen(tick)
            count += 1
            self._look(tick.ts, self._by_symbol.get(tick.symbol, ()))
            if tick.ts >= next_sample:
                self._sample(tick.ts)
                next_sample = tick.ts + SAMPLE_NS
            if on_progress is not None and count % REPORT_EVERY == 0:
                on_progress(count)
        self._sample(tick.ts)
        return BacktestResult(
            ticks=count,
            first_ts=first.ts,
            last_ts=tick.ts,
            equity=self._total.points(),
            bot_equity={bot_id: curve.points() for bot_id, curve in self._curves.items()},
            max_drawdown={bot_id: curve.max_drawdown for bot_id, curve in self._curves.items()},
            marks=list(self._engine.prices.values()),
        )

    async def _happen(self, tick: Tick) -> None:
        due = self.clock.next_timer()
        if due is not None and due <= tick.ts:
            await self.clock.advance_to(tick.ts, self._engine.settle)
            self._bands.clear()
        else:
            self.clock.jump(tick.ts)
        if self._is_quiet(tick):
            self.exchange.note(tick)
            self._engine.note_price(self.exchange.name, Quote(tick.symbol, tick.price, tick.ts))
            return
        self.exchange.deliver(tick)
        await self._engine.settle()
        self._bands = {symbol: self._quiet_band(symbol) for symbol in self._by_symbol}
        self._funding_due = self.exchange.next_funding()
        if self._engine.bus.seq != self._seen_seq:
            self._seen_seq = self._engine.bus.seq
            # Funding may have concerned bots of other symbols too.
            self._look(tick.ts, self._engine.bots.values())
            self._sample(tick.ts)

    def _is_quiet(self, tick: Tick) -> bool:
        """Whether nobody would do anything about a tick: no bot, no order, no funding time."""
        band = self._bands.get(tick.symbol)
        if band is None or (self._funding_due is not None and tick.ts >= self._funding_due):
            return False
        below, above = band
        return (below is None or tick.price > below) and (above is None or tick.price < above)

    def _quiet_band(self, symbol: Symbol) -> Band:
        below, above = self.exchange.quiet_band(symbol)
        low, high = self._engine.quiet_band((self.exchange.name, symbol))
        lows = [price for price in (below, low) if price is not None]
        highs = [price for price in (above, high) if price is not None]
        return (max(lows, default=None), min(highs, default=None))

    def _watch_bots(self) -> None:
        for bot in self._engine.bots.values():
            self._curves[bot.bot_id] = EquityCurve()
            for symbol in bot.instruments:
                self._by_symbol.setdefault(symbol, []).append(bot)
        self._seen_seq = self._engine.bus.seq

    def _look(self, ts: int, bots: Iterable[Bot]) -> None:
        """Follow the equity of some bots, each from the opening of its books."""
        for bot in bots:
            if bot.saved.opened:
                self._equity[bot.bot_id] = equity = bot.equity()
                self._curves[bot.bot_id].look(ts, equity)
        if len(self._equity) == len(self._curves):
            self._total.look(ts, sum(self._equity.values(), ZERO))

    def _sample(self, ts: int) -> None:
        for bot_id, equity in self._equity.items():
            self._curves[bot_id].mark(ts, equity)
        if len(self._equity) == len(self._curves):
            self._total.mark(ts, sum(self._equity.values(), ZERO))
