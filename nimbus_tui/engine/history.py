"""Writes down how the bots and prices are after each event, so that any moment can be shown again.

It runs at the end of a commit and looks only at the bots that had a turn since the last one; what
is written is what the screens show, so no strategy is needed to read it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Order
from nimbus_tui.core.panels import Panel
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.panels import bot_panel
from nimbus_tui.engine.snapshots import bot_snapshot
from nimbus_tui.journal.moments import BotMoment, Span

if TYPE_CHECKING:
    from nimbus_tui.engine.bot import Bot
    from nimbus_tui.engine.engine import Engine

SAMPLE_NS = 60 * NS_PER_SECOND
"""Distance of the prices that are kept between events."""
DAY_NS = 86_400 * NS_PER_SECOND


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown of a bot at one moment."""

    row: BotSnapshot
    panel: Panel | None
    orders: tuple[Order, ...]
    quotes: dict[Symbol, Quote]
    """The prices that its figures are worked out with."""
    positions: dict[Symbol, str]
    """Its signed positions, for other prices."""


class History:
    """One engine's, of one life."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._life = engine.bus.seq
        self._seq = engine.bus.seq
        self._turned: set[BotId] = set()
        self._last: dict[BotId, tuple[Any, ...]] = {}
        self._prices: dict[Market, Quote] = {}
        self._moved: set[Market] = set()
        self._was_latched = False

    def had_turn(self, bot_id: BotId) -> None:
        """A bot may have changed."""
        self._turned.add(bot_id)

    def price_moved(self, market: Market) -> None:
        """A price has changed."""
        self._moved.add(market)

    def write(self) -> None:
        """If there were events since the last time, write what has changed with them."""
        engine = self._engine
        if engine.bus.seq == self._seq:
            return
        span = Span(self._seq + 1, engine.bus.seq, engine.clock.now())
        self._write_prices(span)
        if engine.emergency.latched != self._was_latched or not self._last:
            self._was_latched = engine.emergency.latched
            self._turned.update(engine.bots)
        concerned = engine.bus.concerned() & engine.bots.keys()
        for bot_id in sorted(self._turned & engine.bots.keys() | concerned):
            self._write_bot(engine.bots[bot_id], span, always=bot_id in concerned)
        self._turned.clear()
        self._seq = span.seq

    def _write_bot(self, bot: "Bot", span: Span, *, always: bool) -> None:
        looks = _looks(bot)
        if not always and self._last.get(bot.bot_id) == looks:
            return
        self._last[bot.bot_id] = looks
        body = msgspec.json.encode(shown(self._engine, bot))
        self._engine.journal.save_moment(BotMoment(bot.bot_id, self._life, body), span)

    def _write_prices(self, span: Span) -> None:
        for market in self._moved:
            quote = self._engine.prices[market]
            if quote != self._prices.get(market):
                self._prices[market] = quote
                self._engine.journal.save_price(market[0], quote, span)
        self._moved.clear()

    async def run(self, on_failure: Callable[[JournalError], None]) -> None:
        """Keep the prices of every full minute and let go of what is too old."""
        clock = self._engine.clock
        while True:
            await clock.sleep_until((clock.now() // SAMPLE_NS + 1) * SAMPLE_NS)
            try:
                self.sample()
            except JournalError as error:
                on_failure(error)
                return

    def sample(self) -> None:
        """Write the prices that have moved; they hold from now on, between two events."""
        engine = self._engine
        now = engine.clock.now()
        with engine.journal.transaction():
            self._write_prices(Span(self._seq + 1, self._seq, now))
            oldest = now - engine.settings.history_days * DAY_NS
            engine.journal.trim_moments(oldest, engine.bots, self._prices)


def _looks(bot: "Bot") -> tuple[Any, ...]:
    """What a bot's looks depend on, prices and time left out."""
    orders = tuple(bot.keeper.live.values())
    held = bot.reviewed.held_back
    return (bot.record, bot.plan, orders, held, bot.standing.step, bot.is_frozen)


def shown(engine: "Engine", bot: "Bot") -> Shown:
    """All that is shown of a bot now."""
    return Shown(
        row=bot_snapshot(engine, bot),
        panel=bot_panel(bot),
        orders=tuple(bot.keeper.live.values()),
        quotes=dict(bot.prices),
        positions={symbol: str(bot.position(symbol)) for symbol in bot.instruments},
    )
