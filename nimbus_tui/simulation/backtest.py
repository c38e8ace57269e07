"""Recorded prices through the production engine, as fast as the machine allows.

Ticks that touch no order and leave no wake band are skipped: nobody would do anything about them.
Equity is looked at on every tick all the same, so the drawdown is exact.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.performance import drawdown
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import DataError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.plan import Band
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.simulation.clock import SimulatedClock

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
    equity: list[tuple[int, Decimal]]
    bot_equity: dict[BotId, list[tuple[int, Decimal]]]
    max_drawdown: dict[BotId, Decimal]
    marks: dict[Symbol, Decimal]


class _Watch:
    """Peak and worst fall of one bot."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.peak = ZERO
        self.worst = ZERO

    def look(self) -> Decimal:
        equity = self.bot.equity()
        if equity > self.peak:
            self.peak = equity
        elif self.peak > equity:
            self.worst = max(self.worst, drawdown(equity, self.peak))
        return equity


class Backtest:
    """One run: a started-to-be engine, its one paper exchange, and the ticks."""

    def __init__(self, engine: Engine, exchange: PaperExchange, clock: SimulatedClock) -> None:
        self._engine = engine
        self._exchange = exchange
        self._clock = clock
        self._bands: dict[Symbol, Band] = {}
        self._watches: dict[BotId, _Watch] = {}
        self._curve: list[tuple[int, Decimal]] = []
        self._bot_curves: dict[BotId, list[tuple[int, Decimal]]] = {}
        self._by_symbol: dict[Symbol, list[_Watch]] = {}

    async def run(
        self, ticks: Iterable[Tick], on_progress: Callable[[int], None] | None = None
    ) -> BacktestResult:
        """Let every tick happen and return the curves.

        Raises:
            DataError: a price file is broken, or there was no tick at all.
        """
        await self._engine.start()
        self._watch_bots()
        count = 0
        first_ts = last_ts = next_sample = 0
        for tick in ticks:
            if not count:
                first_ts = tick.ts
                next_sample = tick.ts
            await self._happen(tick)
            count += 1
            last_ts = tick.ts
            moved = self._by_symbol.get(tick.symbol, ())
            for watch in moved:
                watch.look()
            if tick.ts >= next_sample:
                self._sample(tick.ts)
                next_sample = tick.ts + SAMPLE_NS
            if on_progress is not None and count % REPORT_EVERY == 0:
                on_progress(count)
        if not count:
            raise DataError("there is no tick to replay")
        self._sample(last_ts)
        return BacktestResult(
            ticks=count,
            first_ts=first_ts,
            last_ts=last_ts,
            equity=self._curve,
            bot_equity=self._bot_curves,
            max_drawdown={bot_id: watch.worst for bot_id, watch in self._watches.items()},
            marks={symbol: quote.price for (_, symbol), quote in self._engine.prices.items()},
        )

    async def _happen(self, tick: Tick) -> None:
        due = self._clock.next_timer()
        if due is not None and due <= tick.ts:
            await self._clock.advance_to(tick.ts, self._engine.settle)
            self._bands.clear()
        else:
            self._clock.jump(tick.ts)
        band = self._bands.get(tick.symbol)
        if band is not None and _inside(tick.price, band):
            self._exchange.note(tick)
            self._engine.note_price(self._exchange.name, Quote(tick.symbol, tick.price, tick.ts))
            return
        self._exchange.deliver(tick)
        await self._engine.settle()
        self._bands = {symbol: self._quiet_band(symbol) for symbol in self._by_symbol}
        if self._engine.bus.seq != self._seen_seq:
            self._seen_seq = self._engine.bus.seq
            self._sample(tick.ts)

    _seen_seq = 0

    def _quiet_band(self, symbol: Symbol) -> Band:
        below, above = self._exchange.quiet_band(symbol)
        low, high = self._engine.quiet_band((self._exchange.name, symbol))
        lows = [price for price in (below, low) if price is not None]
        highs = [price for price in (above, high) if price is not None]
        return (max(lows, default=None), min(highs, default=None))

    def _watch_bots(self) -> None:
        for bot in self._engine.bots.values():
            watch = _Watch(bot)
            self._watches[bot.bot_id] = watch
            self._bot_curves[bot.bot_id] = []
            for symbol in bot.instruments:
                self._by_symbol.setdefault(symbol, []).append(watch)
        self._seen_seq = self._engine.bus.seq

    def _sample(self, ts: int) -> None:
        total = ZERO
        for bot_id, watch in self._watches.items():
            equity = watch.look()
            self._bot_curves[bot_id].append((ts, equity))
            total += equity
        self._curve.append((ts, total))


def _inside(price: Decimal, band: Band) -> bool:
    below, above = band
    return (below is None or price > below) and (above is None or price < above)
