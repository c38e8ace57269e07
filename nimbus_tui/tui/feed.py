"""The newest state of the engine as the screen knows it, pulled no faster than it is painted."""

import asyncio
from collections.abc import Callable

import msgspec

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.snapshots import (
    BotDetail,
    BotSnapshot,
    BotState,
    EngineSnapshot,
    Update,
)
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import EngineEnded, NimbusError
from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.viewmodels.chart import Point
from nimbus_tui.tui.viewmodels.lines import age, places_of

EVENTS_KEPT = 500
TREND_POINTS = 96
LONGEST_BUCKET_NS = 60 * NS_PER_SECOND
ANSWER_WITHIN_S = 2.0
"""An engine with nothing new answers after so long; one that doesn't is in trouble."""
RETRY_S = 1.0
CURVE_NS = 24 * 3600 * NS_PER_SECOND
"""How far back the focused bot's equity curve goes."""
CURVE_POINTS = 1_500
"""A day of minutes and some fills; of a bot with more fills the newest points."""
_MINUTE_NS = 60 * NS_PER_SECOND


class Trend:
    """The prices (or equity) that the screen saw of one bot, in equal steps of time.

    When it is full every second point goes and the step doubles, up to a minute; after that the
    oldest go. So a young screen shows the last minute and an old one the last hour and a half.
    """

    def __init__(self) -> None:
        self.points: list[float] = []
        self.bucket_ns = NS_PER_SECOND
        self._bucket = -1

    def add(self, ts: int, price: float) -> None:
        """Take in a price at a time of the engine's clock (ns)."""
        bucket = ts // self.bucket_ns
        if bucket == self._bucket and self.points:
            self.points[-1] = price
            return
        self._bucket = bucket
        self.points.append(price)
        if len(self.points) <= TREND_POINTS:
            return
        if self.bucket_ns < LONGEST_BUCKET_NS:
            self.points = self.points[::-2][::-1]
            self.bucket_ns *= 2
            self._bucket = ts // self.bucket_ns
        else:
            del self.points[0]


def _at_a_glance(engine: EngineSnapshot) -> tuple[object, ...]:
    """What a screen at rest shows of an engine: the minute, and ages in their steps."""
    venues = [
        (venue.name, venue.link, venue.detail, venue.reconnects, age(venue.data_age_ms))
        for venue in engine.exchanges
    ]
    minute = engine.now_ns // _MINUTE_NS
    return msgspec.structs.replace(engine, now_ns=0, exchanges=()), minute, venues


class Feed:
    """Takes updates in, O(1) a change; panels read from it when it is time to paint."""

    def __init__(self) -> None:
        self.engine: EngineSnapshot | None = None
        self.bots: dict[BotId, BotSnapshot] = {}
        self.detail: BotDetail | None = None
        self.events: list[Event] = []
        self.trends: dict[BotId, Trend] = {}
        self.places: dict[BotId, int] = {}
        """Most digits behind the point that a bot's price had so far."""
        self.curve: tuple[Point, ...] = ()
        """The focused bot's equity, oldest first: what the engine kept, then what was seen."""
        self.revision = 0
        self.problem = ""
        """Why the engine does not answer; empty while it does."""
        self.has_ended = False
        """Whether it is no more, so that only a start brings it back."""
        self.answers = 0
        """How many updates have come in."""
        self.dirty: set[BotId] = set()
        self.on_change: Callable[[], None] = lambda: None
        """Told whenever there is something to paint."""
        self._is_changed = True
        self._focus: BotId | None = None
        self._curve_of: tuple[BotId, int] | None = None
        """The bot and the minute that the curve was last asked for."""
        self._turned = asyncio.Event()

    @property
    def changed(self) -> bool:
        """Whether there is anything that isn't painted yet."""
        return self._is_changed

    @changed.setter
    def changed(self, is_changed: bool) -> None:
        self._is_changed = is_changed
        if is_changed:
            self.on_change()

    # taking in

    def apply(self, update: Update) -> None:
        """Store what is new and mark it."""
        is_rest = self._is_rest(update)
        if update.complete:
            self._begin_anew(update)
        self.engine = update.engine
        for bot in update.bots:
            self.bots[bot.bot_id] = bot
            self.dirty.add(bot.bot_id)
            self._note_price(bot, update.engine.now_ns)
            if bot.bot_id == self._focus:
                self._note_equity(bot, update.engine.now_ns)
        newest = self.events[-1].seq if self.events else 0
        self.events += [event for event in update.events if event.seq > newest]
        del self.events[:-EVENTS_KEPT]
        if update.detail is not None and update.detail.bot_id == self._focus:
            self.detail = update.detail
        self.revision = update.revision
        self.problem = ""
        self.has_ended = False
        self.answers += 1
        self.changed = self.changed or not is_rest

    def _is_rest(self, update: Update) -> bool:
        """Whether only time has passed, on a screen that nobody watches for the seconds.

        With every bot paused or stopped the clock goes by minutes: a quiet link stays quiet.
        """
        newest = self.events[-1].seq if self.events else 0
        has_events = any(event.seq > newest for event in update.events)
        has_news = update.complete or update.bots or has_events or update.detail
        if has_news or self.problem or self.engine is None:
            return False
        is_idle = all(bot.state is not BotState.RUNNING for bot in self.bots.values())
        return is_idle and _at_a_glance(update.engine) == _at_a_glance(self.engine)

    def _begin_anew(self, update: Update) -> None:
        """A complete update names every bot there is; a younger engine's events count afresh."""
        self.bots = {}
        if self.events and update.engine.seq < self.events[-1].seq:
            self.events = []

    def _note_price(self, bot: BotSnapshot, now_ns: int) -> None:
        """A bot with several symbols has no one price: its trend is that of its equity."""
        bot_id, price = bot.bot_id, bot.price
        shown = bot.equity if price is None and bot.symbol is None else price
        if shown is None:
            return
        trend = self.trends.get(bot_id)
        if trend is None:
            trend = self.trends[bot_id] = Trend()
        trend.add(now_ns, float(shown))
        if price is not None:
            self.places[bot_id] = max(self.places.get(bot_id, 0), places_of((price,)))

    def _note_equity(self, bot: BotSnapshot, now_ns: int) -> None:
        """Go on with the curve until the engine is asked for it again; a point a second at most."""
        if self.curve and now_ns >= self.curve[-1][0] + NS_PER_SECOND:
            self.curve = (*self.curve, (now_ns, float(bot.equity)))

    def places_for(self, bot: BotSnapshot | None) -> int:
        """Digits behind the point that a bot's prices get, so that they don't come and go."""
        return self.places.get(bot.bot_id, 0) if bot is not None else 0

    def lost(self, problem: str, *, ended: bool = False) -> None:
        """The engine doesn't answer; what is known stays, and everything is asked for again."""
        self.problem = problem
        self.has_ended = ended
        self.revision = 0
        self.changed = True

    def take_dirty(self) -> set[BotId]:
        """The bots that have changed since the last call."""
        dirty, self.dirty = self.dirty, set()
        self.changed = False
        return dirty

    # asking

    @property
    def focus(self) -> BotId | None:
        """The bot whose details are wanted."""
        return self._focus

    @focus.setter
    def focus(self, bot_id: BotId | None) -> None:
        if bot_id != self._focus:
            self._focus = bot_id
            self.detail = None
            self.curve = ()
            self.revision = 0
            self._turned.set()

    async def follow(
        self, client: EngineClient, pause_s: float, on_update: Callable[[], None]
    ) -> None:
        """Pull what is new for as long as the screen lives, whatever the engine does."""
        while True:
            try:
                update = await self._pull(client)
                if update is not None:
                    self.apply(update)
                    on_update()
                    await self._read_curve(client, update.engine.now_ns)
            except NimbusError as error:
                self.lost(str(error), ended=isinstance(error, EngineEnded))
                await asyncio.sleep(RETRY_S)
                continue
            except Exception as error:  # the screen's edge: it says so and goes on asking
                self.lost(f"its answer can't be read ({type(error).__name__}: {error})")
                await asyncio.sleep(RETRY_S)
                continue
            if update is not None:
                await asyncio.sleep(pause_s)

    async def _read_curve(self, client: EngineClient, now_ns: int) -> None:
        """Ask for the focused bot's curve once a minute and when another comes into focus.

        An engine that doesn't answer in time is asked again in the next minute.
        """
        focus = self._focus
        if focus is None or self._curve_of == (focus, now_ns // _MINUTE_NS):
            return
        self._curve_of = (focus, now_ns // _MINUTE_NS)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                points = await client.equity(focus, since_ns=now_ns - CURVE_NS, limit=CURVE_POINTS)
        except TimeoutError:
            return
        if focus == self._focus:
            kept = tuple((point.ts, float(point.equity)) for point in points)
            newest = kept[-1][0] if kept else 0
            self.curve = (*kept, *(seen for seen in self.curve if seen[0] > newest))
            self.changed = True

    async def _pull(self, client: EngineClient) -> Update | None:
        """The next update; None when another bot came into focus meanwhile."""
        self._turned.clear()
        asked = asyncio.ensure_future(
            client.updates(self.revision, focus=self._focus, timeout_s=ANSWER_WITHIN_S)
        )
        turned = asyncio.ensure_future(self._turned.wait())
        try:
            await asyncio.wait({asked, turned}, return_when=asyncio.FIRST_COMPLETED)
            return None if self._turned.is_set() else await asked
        finally:
            turned.cancel()
            if not asked.done():
                asked.cancel()
