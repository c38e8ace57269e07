"""Checks in production that the engine's promises hold, and says so once where one doesn't.

Each bot is looked at in turn, all of them within a minute. A look reads only what is new since the
last one, some hundred rows at a time, so that it never delays a bot; once a day a bot's fills are
added up again from the first.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.fees import received
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import Error
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.order import Order
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.venue_side import VenueSide
from nimbus_tui.orders.reconcile import Cancel, reconcile
from nimbus_tui.risk.gate import VenueSync

ROUND_S = 60.0
"""How long it takes until every bot has been looked at."""
ROWS = 500
"""Fills that one look reads at most."""
PAGE_S = 0.05
"""How long a bot with more of them is let alone before the next ones are read."""
EVENTS = 20_000
"""Events that one look counts at most."""
KEYS_REMEMBERED = 5_000
"""For how many keys of a bot the sum of the fills is at hand."""
RECOUNT_NS = 24 * 3600 * NS_PER_SECOND
LOOKS = 2
"""How many looks running must find that what rests isn't what is wanted: an answer may be due."""
ZERO = Decimal(0)

CHECKING = "checking"
OK = "ok"


class Tally:
    """What a bot's fills add up to, as far as they have been read."""

    def __init__(self, now: int) -> None:
        self.since_ns = now
        self.number = 0
        """Of the newest fill that was read."""
        self.is_complete = False
        self.positions: dict[Symbol, Decimal] = {}
        self.by_key: OrderedDict[OrderKey, Decimal] = OrderedDict()

    def add(self, fill: Fill, quantity: Decimal) -> None:
        """Count one fill."""
        self.positions[fill.symbol] = self.positions.get(fill.symbol, ZERO) + quantity
        if fill.key is not None:
            self.by_key[fill.key] = self.by_key.pop(fill.key, ZERO) + fill.quantity
            if len(self.by_key) > KEYS_REMEMBERED:
                self.by_key.popitem(last=False)


class Breach(msgspec.Struct, frozen=True):
    """A promise that doesn't hold: of whom and which, and how it shows."""

    bot_id: BotId | None
    promise: str
    subject: str
    words: str

    @property
    def identity(self) -> tuple[BotId | None, str, str]:
        """What makes it the same breach at the next look."""
        return (self.bot_id, self.promise, self.subject)


class Auditor:
    """One engine's."""

    def __init__(self, engine: VenueSide, bus: EventBus) -> None:
        self._engine = engine
        self._bus = bus
        self._checked: set[BotId] = set()
        """Bots whose fills have all been read once."""
        self._tallies: dict[BotId, Tally] = {}
        self._unlike: Counter[BotId] = Counter()
        self._counted = 0
        """Events up to this number are without a gap."""
        self._breaches: dict[tuple[BotId | None, str, str], Breach] = {}

    @property
    def verdict(self) -> str:
        """`ok`, `checking` until everything was looked at once, or the newest breach in words."""
        if self._breaches:
            breach = next(reversed(self._breaches.values()))
            return f"{breach.bot_id}: {breach.words}" if breach.bot_id else breach.words
        return OK if self._counted and self._engine.bots.keys() <= self._checked else CHECKING

    async def run(self, on_failure: Callable[[JournalError], None]) -> None:
        """Look at one bot after the other, until cancelled or the journal fails."""
        while True:
            bots = list(self._engine.bots.values())
            try:
                self.check_events()
                for bot in bots:
                    await self._engine.clock.sleep(ROUND_S / len(bots))
                    self.check(bot)
                    while not self._tallies[bot.bot_id].is_complete:
                        await self._engine.clock.sleep(PAGE_S)
                        self.check(bot)
            except JournalError as error:
                on_failure(error)
                return
            if not bots:
                await self._engine.clock.sleep(ROUND_S)

    def check(self, bot: Bot) -> None:
        """Look at one bot; done between two turns, when memory and journal are of one mind."""
        found = list(self._looked_at(bot))
        self._settle(bot.bot_id, found)

    def check_events(self) -> None:
        """Look whether events are missing among those that are new."""
        upto = min(self._bus.told, self._counted + EVENTS)
        there = self._engine.journal.events_between(self._counted, upto)
        missing = upto - self._counted - there
        found = []
        if missing:
            words = f"{missing} of the events {self._counted + 1} to {upto} are missing"
            found = [Breach(None, "events are numbered without a gap", "", words)]
        else:
            self._counted = upto
        self._settle(None, found)

    def _settle(self, bot_id: BotId | None, found: list[Breach]) -> None:
        """Tell what is new, and forget what has been put right."""
        known = {breach.identity for breach in found}
        for identity in [one for one in self._breaches if one[0] == bot_id]:
            if identity not in known:
                del self._breaches[identity]
        for breach in found:
            if breach.identity not in self._breaches:
                message = f"audit: {breach.promise}, but {breach.words}"
                self._engine.tell(Error(bot_id=bot_id, message=message))
            self._breaches[breach.identity] = breach

    # the promises

    def _looked_at(self, bot: Bot) -> Iterator[Breach]:
        keys = self._read_on(bot)
        live = self._engine.journal.live_orders(bot.bot_id)
        yield from self._one_live_order_per_key(bot, live)
        for key in sorted(keys | {order.key for order in live} | self._broken_keys(bot)):
            yield from self._key_is_used_once(bot, key)
        yield from self._rests_what_is_wanted(bot)
        yield from self._position_is_its_fills(bot)

    def _broken_keys(self, bot: Bot) -> set[OrderKey]:
        """Keys of which a promise was broken at the last look."""
        breaches = self._breaches.values()
        return {OrderKey(one.subject) for one in breaches if one.bot_id == bot.bot_id}

    def _read_on(self, bot: Bot) -> set[OrderKey]:
        """Read the fills that are new; returns their keys."""
        now, tally = self._engine.clock.now(), self._tallies.get(bot.bot_id)
        if tally is None or (tally.is_complete and now - tally.since_ns >= RECOUNT_NS):
            tally = self._tallies[bot.bot_id] = Tally(now)
        rows = self._engine.journal.fills_after(bot.bot_id, tally.number, ROWS)
        for number, fill in rows:
            tally.number = number
            tally.add(fill, received(fill, bot.instruments[fill.symbol]))
        tally.is_complete = len(rows) < ROWS
        if tally.is_complete:
            self._checked.add(bot.bot_id)
        return {fill.key for _, fill in rows if fill.key is not None}

    def _one_live_order_per_key(self, bot: Bot, live: list[Order]) -> Iterator[Breach]:
        promise = "one live order per key"
        for key, times in Counter(order.key for order in live).items():
            if times > 1:
                yield Breach(bot.bot_id, promise, key, f"{key} has {times}")
        remembered = {order.client_order_id for order in bot.keeper.live.values()}
        for order in live:
            if order.client_order_id not in remembered:
                words = f"{order.key} is live in the journal and the bot has forgotten it"
                yield Breach(bot.bot_id, promise, order.key, words)

    def _key_is_used_once(self, bot: Bot, key: OrderKey) -> Iterator[Breach]:
        """No more is filled than was wanted, and nothing is sent again after a fill."""
        orders = self._engine.journal.orders_under(bot.bot_id, key)
        traded = [order for order in orders if order.filled]
        by_fills = self._tallies[bot.bot_id].by_key.get(key, ZERO)
        filled = max(by_fills, sum((order.filled for order in traded), ZERO))
        if traded and filled > traded[0].quantity:
            words = f"{key} has filled {filled:f} of {traded[0].quantity:f}"
            yield Breach(bot.bot_id, "no key fills more than its quantity", key, words)
        if traded and orders[-1].generation > traded[0].generation:
            words = f"{key} was sent again as number {orders[-1].generation}"
            yield Breach(bot.bot_id, "a spent key is never sent again", key, words)

    def _rests_what_is_wanted(self, bot: Bot) -> Iterator[Breach]:
        """At rest only: nothing on its way, nothing waiting to be worked on."""
        engine = self._engine
        is_quiet = bot.sync is VenueSync.NOW and not engine.inbox and not bot.orders.unanswered
        odd = reconcile(bot.reviewed, bot.keeper.live) if is_quiet else []
        self._unlike[bot.bot_id] = self._unlike[bot.bot_id] + 1 if odd else 0
        if self._unlike[bot.bot_id] >= LOOKS:
            keys = {
                step.order.key if isinstance(step, Cancel) else step.desired.key for step in odd
            }
            words = f"{', '.join(sorted(keys))} differ"
            yield Breach(bot.bot_id, "at rest, what is live is what is wanted", "", words)

    def _position_is_its_fills(self, bot: Bot) -> Iterator[Breach]:
        tally = self._tallies[bot.bot_id]
        if not tally.is_complete or (bot.saved.opened and bot.saved.claimed is None):
            return  # not all read yet, or books from before claims were written down
        claimed = bot.saved.claimed or {}
        for symbol in bot.instruments:
            told = tally.positions.get(symbol, ZERO) + claimed.get(symbol, ZERO)
            held = bot.position(symbol)
            if held != told:
                words = f"it holds {held:f} {symbol} and its fills say {told:f}"
                yield Breach(bot.bot_id, "a position is the sum of its fills", symbol, words)
