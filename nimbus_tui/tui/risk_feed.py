"""The risk layer as the screen knows it, asked for only while somebody is looking at it."""

import asyncio
from collections.abc import Callable
from time import monotonic

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.events import Event
from nimbus_tui.tui.feed import ANSWER_WITHIN_S, Feed
from nimbus_tui.tui.viewmodels.risk_board import Board
from nimbus_tui.tui.viewmodels.risk_history import KINDS, is_risk
from nimbus_tui.tui.woken import woken

EVERY_S = 1.0
"""How often it is asked for at most."""
LOOK_S = 0.1
"""How often is looked at most whether it is wanted."""
HISTORY_KEPT = 200


class RiskFeed:
    """Pulls the readings when the engine has changed, the history when the screen is opened."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.snapshot: RiskSnapshot | None = None
        self.board: Board | None = None
        self.events: tuple[Event, ...] = ()
        """The history, oldest first."""
        self.problem = ""
        """Why the newest readings could not be had; empty while they can."""
        self._revision = -1
        """The engine's revision that the readings are of."""
        self._asked_at = -EVERY_S
        self._has_history = False
        self.woken = asyncio.Event()
        """Something has happened: the engine has news, or another view is shown."""

    async def follow(self, client: EngineClient, is_wanted: Callable[[], bool]) -> None:
        """Keep up for as long as the screen lives, whatever the engine does."""
        while True:
            if is_wanted():
                await self.keep_up(client)
            else:
                self._has_history = False
            await asyncio.sleep(LOOK_S)
            await woken(self.woken, EVERY_S if is_wanted() and self._is_new else None)

    @property
    def _is_new(self) -> bool:
        """Whether there is anything to ask for."""
        return self._revision != self._feed.revision or not self._has_history

    async def keep_up(self, client: EngineClient) -> None:
        """Ask if there is anything new, once a second at most."""
        if self._is_new and monotonic() - self._asked_at >= EVERY_S:
            self._asked_at = monotonic()
            await self._ask(client)
        self._take_events()

    async def _ask(self, client: EngineClient) -> None:
        revision = self._feed.revision
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                snapshot = await client.risk()
                if not self._has_history:
                    kept = await client.events(types=KINDS, limit=HISTORY_KEPT, newest=True)
                    self.events = tuple(event for event in kept if is_risk(event))
        except TimeoutError:
            self._fails("the engine does not answer")
        except NimbusError as error:
            self._fails(str(error))
        except Exception as error:  # the screen's edge: it says so and goes on asking
            self._fails(f"its answer can't be read ({type(error).__name__}: {error})")
        else:
            self._revision, self._has_history, self.problem = revision, True, ""
            self.snapshot = snapshot
            self.board = Board(snapshot, tuple(self._feed.bots))
            self._feed.changed = True

    def _fails(self, problem: str) -> None:
        """What is known stays; that it is old is said, and everything is asked for again."""
        self._has_history = False
        if problem != self.problem:
            self.problem = problem
            self._feed.changed = True

    def _take_events(self) -> None:
        """Go on with what the feed has heard since."""
        newest = self.events[-1].seq if self.events else 0
        if self._feed.engine is not None and self._feed.engine.seq < newest:
            self.events, newest, self._has_history = (), 0, False  # a younger engine counts afresh
        fresh = [event for event in self._feed.events if event.seq > newest and is_risk(event)]
        if fresh:
            self.events = (*self.events, *fresh)[-HISTORY_KEPT:]
            self._feed.changed = True
