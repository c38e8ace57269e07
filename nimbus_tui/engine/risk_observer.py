"""What happens to one bot, as its rules have to remember it: equity, open positions, cycles."""

from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.engine.risk_memory import RiskMemory, memory_fact, remembered
from nimbus_tui.engine.ruled import RuledBot
from nimbus_tui.journal.base import Journal
from nimbus_tui.risk import order_rate, streak
from nimbus_tui.risk.equity_track import began, observed, with_peak_reset
from nimbus_tui.risk.position import beyond_since

ZERO = Decimal(0)


class RiskObserver:
    """Keeps one bot's memory up with what happens, and the journal with the memory."""

    def __init__(self, bot: RuledBot, journal: Journal, clock: Clock, source: str) -> None:
        self._bot = bot
        self._journal = journal
        self._clock = clock
        self._source = source
        self.memory: RiskMemory = remembered(journal, bot.bot_id)
        self._extremes: dict[Symbol, tuple[Decimal, Decimal]] = {}
        """The lowest and highest mark since the last turn."""
        self._highest: Decimal | None = None
        """The most that the equity has been since the last look."""
        self._is_dirty = False

    # equity

    def saw(self, quote: Quote) -> None:
        """A price that gives the bot no turn: the peak of its equity may be at it."""
        mark = quote.mark_price or quote.price
        low, high = self._extremes.get(quote.symbol, (mark, mark))
        self._extremes[quote.symbol] = (min(low, mark), max(high, mark))

    def before_facts(self) -> None:
        """Prices until now were met with the position until now: fills may change it next."""
        if self._extremes:
            self._highest = max(self._highest or ZERO, self._highest_seen())
            self._extremes.clear()

    @property
    def is_past_its_peak(self) -> bool:
        """Whether prices that gave no turn have taken the equity higher than is written down."""
        track = self.memory.track
        if track is None or not self._extremes:
            return False
        return self._highest_seen() > track.peak

    def _highest_seen(self) -> Decimal:
        """The most that the equity has been since the last look: it is linear in one price."""
        books, marks = self._bot.books, self._bot.marks()
        if len(self._bot.instruments) > 1:
            return books.equity(marks)
        return max(
            books.equity(marks | {symbol: mark})
            for symbol, reached in self._extremes.items()
            for mark in reached
        )

    def observe(self, now: int) -> None:
        """Let the memory follow what has happened since the last look."""
        self._observe_cycles(now)
        bot, before = self._bot, self.memory.track
        day_start = bot.limits.day_start_ns
        equity = bot.equity()
        if before is None:
            before = began(equity, now, self._source, day_start)
            self.remember(track=before)
        highest, self._highest = self._highest, None
        after = observed(
            before,
            equity,
            now,
            origin=self._source,
            day_start_ns=day_start,
            highest=highest,
        )
        if (after.peak, after.points, after.day) != (before.peak, before.points, before.day):
            self.remember(track=after)
        else:
            # The newest equity alone is worth no write: the books say it at any time.
            self.memory = msgspec.structs.replace(self.memory, track=after)

    def observe_exits(self) -> None:
        """Note since when positions are open and marks beyond their stop loss."""
        now = self._clock.now()
        opened, beyond = dict(self.memory.opened), dict(self.memory.beyond)
        marks = self._bot.marks()
        for symbol in self._bot.instruments:
            quantity = self._bot.books.position(symbol).quantity
            if not quantity:
                opened.pop(symbol, None)
            else:
                opened.setdefault(symbol, now)
            if symbol not in marks:
                continue  # after a restart, before the first price: what was beyond may still be
            rules = self._bot.standing.exit_rules(symbol)
            since = beyond_since(beyond.get(symbol), rules, marks[symbol], now)
            if since is None:
                beyond.pop(symbol, None)
            else:
                beyond[symbol] = since
        if (opened, beyond) != (self.memory.opened, self.memory.beyond):
            self.remember(opened=opened, beyond=beyond)

    def _observe_cycles(self, now: int) -> None:
        log, limits = self._bot.cycles, self._bot.limits
        run = streak.settled(self.memory.streak, now, limits.consecutive_losses, limits.cooldown_ns)
        fresh = log.count - self.memory.cycles
        for cycle in log.recent[max(0, len(log.recent) - fresh) :] if fresh > 0 else ():
            run = streak.cycle_closed(run, cycle.result, now, limits.consecutive_losses)
        if run != self.memory.streak or fresh:
            self.remember(streak=run, cycles=log.count)

    def sent(self, *, adds: bool) -> None:
        """An order or a cancel has left."""
        limits = self._bot.limits
        orders = order_rate.sent(
            self.memory.orders,
            self._clock.now(),
            adds=adds,
            order_rate=limits.order_rate,
            throttle_rate=limits.throttle_rate,
        )
        # Not written for its own sake: a restart takes longer than the bucket to fill.
        self.memory = msgspec.structs.replace(self.memory, orders=orders)

    # the operator

    def reset_peak(self) -> tuple[Decimal | None, Decimal]:
        """Measure the drawdown from now on; returns the peak that was, and the new one."""
        now, equity = self._clock.now(), self._bot.equity()
        self.observe(now)
        track = self.memory.track
        before = None if track is None else track.peak
        if track is not None:
            self.remember(track=with_peak_reset(track, now))
        return before, equity

    # the journal

    def remember(self, **changes: Any) -> None:
        """Change the memory; written with the turn."""
        self.memory = msgspec.structs.replace(self.memory, **changes)
        self._is_dirty = True

    def save(self) -> None:
        """Write what has changed, in the transaction that is open."""
        if self._is_dirty:
            self._is_dirty = False
            text = msgspec.json.encode(self.memory).decode()
            self._journal.save_fact(memory_fact(self._bot.bot_id), text)
