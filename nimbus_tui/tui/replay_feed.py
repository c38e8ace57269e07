"""The past as the replay screen knows it, fetched in the background; held keys become one step."""

import asyncio
from time import monotonic
from typing import NamedTuple

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.past import Jump, Marks, Moments, PastMoment
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.viewmodels.happenings import is_told
from nimbus_tui.tui.viewmodels.replay_bar import Zoom, window

ANSWER_WITHIN_S = 10.0
AROUND = 60
"""Events on either side of the moment that are fetched with it."""
MOST_JUMPS = 50
"""Jumps that a held key can add up to before they are carried out."""
MARKS_EVERY_S = 5.0
"""How often the marks of a stretch that still grows are asked for at most."""
_SPANS = {"minute": 60 * NS_PER_SECOND, "hour": 3_600 * NS_PER_SECOND}
_NOTED = {"fill": "fill", "risk": "change of risk", "error": "error"}
_ABSOLUTE = frozenset({"first", "last", "at", "seq"})


class _Wish(NamedTuple):
    """Where to go: so many steps of a kind; for `at` a time in ns, for `seq` an event."""

    kind: str
    by: int = 0


class ReplayFeed:
    """Holds one past moment and goes from it to others, one request at a time."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.moment: PastMoment | None = None
        self.moments: Moments | None = None
        self.marks: Marks | None = None
        self.focus: BotId | None = None
        """The bot whose panel is wanted; it need not be there any more."""
        self.zoom = Zoom.ALL
        self.parts = 60
        """Columns of the scrub bar."""
        self.note = ""
        """Why a step led nowhere; empty when it didn't."""
        self.problem = ""
        """Why the past can't be had; empty while it can."""
        self.asked = 0
        """How many moments were fetched."""
        self._is_timed = False
        """Whether the moment lies at a time, not at its event."""
        self._wishes: list[_Wish] = []
        self._wanted = asyncio.Event()
        self._marks_at = 0.0

    # wishing

    def go(self, kind: str, by: int = 1) -> None:
        """Step: event, minute, hour, fill, risk, error; or first, last, at (ns), seq, stay."""
        if kind in _ABSOLUTE:
            self._wishes = []
        last = self._wishes[-1] if self._wishes else None
        if last is not None and last.kind == kind:
            self._wishes[-1] = _Wish(kind, last.by + by)
        else:
            self._wishes.append(_Wish(kind, by))
        self._wanted.set()

    def open(self) -> None:
        """The screen was opened: begin at the newest event, or go on where one was."""
        self.focus = self.focus or self._feed.focus
        self.go("stay" if self.moment is not None else "last")

    def select(self, bot_id: BotId | None) -> None:
        """Show another bot at the same moment."""
        if bot_id is not None and bot_id != self.focus:
            self.focus = bot_id
            self.go("stay")

    def turn_zoom(self, by: int) -> None:
        """Show a longer or a shorter stretch on the bar."""
        zooms = list(Zoom)
        self.zoom = zooms[max(0, min(zooms.index(self.zoom) + by, len(zooms) - 1))]
        self.go("stay")

    def set_parts(self, parts: int) -> None:
        """The bar has another width."""
        if parts != self.parts and parts > 0:
            self.parts = parts
            self.go("stay")

    # asking

    async def follow(self, client: EngineClient) -> None:
        """Carry out wishes for as long as the screen lives, whatever the engine does."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._wishes:
                await self._carry_out(client, self._wishes.pop(0))

    async def _carry_out(self, client: EngineClient, wish: _Wish) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._go(client, wish)
        except TimeoutError:
            self.problem = "the engine does not answer"
        except NimbusError as error:
            self.problem = str(error)
        except Exception as error:  # the screen's edge: it says so and goes on
            self.problem = f"its answer can't be read ({type(error).__name__}: {error})"
        self._feed.changed = True

    async def _go(self, client: EngineClient, wish: _Wish) -> None:
        self.note = ""
        seq, ts = await self._target(client, wish)
        self.moment = await client.history(seq=seq, ts=ts, focus=self.focus, around=AROUND)
        self._is_timed = ts is not None
        self.moments = await client.moments(self.moment.seq)
        self.problem = ""
        self.asked += 1
        self._feed.changed = True
        if not self._wishes:
            await self._mark(client)

    async def _target(self, client: EngineClient, wish: _Wish) -> tuple[int | None, int | None]:
        """The event or the time that a wish leads to; neither = the newest event."""
        here, known = self.moment, self.moments
        if wish.kind == "at":
            return None, wish.by
        if wish.kind == "seq":
            return wish.by, None
        if wish.kind == "first" and known is not None and known.first is not None:
            return known.first.seq, None
        if here is None or wish.kind == "last":
            return None, None
        if wish.kind in _SPANS:
            return None, self._in_reach(here.ts + wish.by * _SPANS[wish.kind])
        if wish.kind == "event":
            return self._stepped(here, wish.by), None
        if wish.kind in _NOTED:
            return await self._jump(client, wish, here)
        return (None, here.ts) if self._is_timed else (here.seq, None)

    def _stepped(self, here: PastMoment, by: int) -> int:
        """The event so many steps away; those that tell nothing of their own are passed over."""
        ahead = [event.seq for event in here.events if event.seq > here.seq and is_told(event)]
        # Between two events the step back is to the one that has just been.
        last = here.seq if self._is_timed else here.seq - 1
        behind = [event.seq for event in here.events if event.seq <= last and is_told(event)]
        way = ahead[:by] if by > 0 else behind[by:] if by < 0 else []
        if not way:
            when = "later" if by > 0 else "earlier"
            self.note = f"there is no {when} event" if by else ""
            return here.seq
        rest = by - len(way) if by > 0 else by + len(way)
        first = self.moments.first if self.moments is not None else None
        at = way[-1] if by > 0 else way[0]
        return max(first.seq if first is not None else 0, at + rest)

    def _in_reach(self, ts: int) -> int:
        """A time that isn't before the first event nor in the future."""
        first = self.moments.first if self.moments is not None else None
        now_ns = self._feed.engine.now_ns if self._feed.engine is not None else ts
        return max(first.ts if first is not None else 0, min(ts, now_ns))

    async def _jump(
        self, client: EngineClient, wish: _Wish, here: PastMoment
    ) -> tuple[int | None, int | None]:
        at = here.seq + 1 if self._is_timed and wish.by < 0 else here.seq
        way, found = "next" if wish.by > 0 else "previous", None
        for _ in range(min(abs(wish.by), MOST_JUMPS)):
            jump: Jump | None = getattr(await client.moments(at), f"{way}_{wish.kind}")
            if jump is None:
                break
            at, found = jump.seq, jump
        if found is None:
            when = "later" if wish.by > 0 else "earlier"
            self.note = f"there is no {when} {_NOTED[wish.kind]}"
            return (None, here.ts) if self._is_timed else (here.seq, None)
        return found.seq, None

    async def _mark(self, client: EngineClient) -> None:
        """Ask for the marks of another stretch, or of one that has grown."""
        if self.moment is None or self.moments is None or self.moments.first is None:
            return
        now_ns = self._feed.engine.now_ns if self._feed.engine is not None else self.moment.ts
        since, until = window(self.zoom, self.moment.ts, self.moments.first.ts, now_ns)
        have, now = self.marks, monotonic()
        is_other = have is None or (have.since_ns, have.parts) != (since, self.parts)
        is_longer = have is not None and have.until_ns < until
        if is_other or (is_longer and now - self._marks_at >= MARKS_EVERY_S):
            self._marks_at = now
            self.marks = await client.marks(since, until, self.parts)
