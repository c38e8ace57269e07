"""Tables as the screen knows them: read page by page, only while somebody is looking."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.pages import Listing, Page, PageWanted
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Order
from nimbus_tui.tui.feed import ANSWER_WITHIN_S, Feed
from nimbus_tui.tui.woken import woken

EVERY_S = 1.0
"""How often the newest rows are read at most."""
LOOK_S = 0.1
"""How often is looked at most whether any are wanted."""
NEWEST = 200
"""Rows that are read again while the table is open."""
OLDER = 1_000
"""Rows of a page further back."""
KEPT = 10_000
"""Most rows of one table; who wants others narrows it with a filter."""


class TableFeed:
    """The newest rows of one table, and older ones as far as somebody has gone back."""

    def __init__(self, feed: Feed, listing: Listing) -> None:
        self._feed = feed
        self.listing = listing
        self.bot_id: BotId | None = None
        self.types: tuple[str, ...] = ()
        self.rows: tuple[Any, ...] = ()
        """Newest first."""
        self.version = 0
        """Grows with every change of the rows."""
        self.has_answer = False
        self.problem = ""
        """Why the newest rows could not be had; empty while they can."""
        self.wants_older = False
        self._older: str | None = None
        self._revision = -1
        self._asked_at = -EVERY_S

    @property
    def has_older(self) -> bool:
        """Whether the journal goes further back than the rows."""
        return self._older is not None

    def want(
        self,
        listing: Listing,
        *,
        bot_id: BotId | None = None,
        types: tuple[str, ...] = (),
    ) -> None:
        """What the journal is asked for; other rows than before are read afresh."""
        if (listing, bot_id, types) != (self.listing, self.bot_id, self.types):
            if listing is not self.listing:
                self.rows, self.has_answer = (), False
                self.version += 1
            self.listing, self.bot_id, self.types = listing, bot_id, types
            self._older, self._revision, self._asked_at = None, -1, -EVERY_S

    async def keep_up(self, client: EngineClient) -> None:
        """Read what is new, once a second at most, and what is older once it is wanted."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                if self._is_stale():
                    await self._read_newest(client)
                if self.wants_older and self._older is not None and len(self.rows) < KEPT:
                    await self._read_older(client, self._older)
        except TimeoutError:
            self._fails("the engine does not answer")
        except NimbusError as error:
            self._fails(str(error))
        except Exception as error:  # the screen's edge: it says so and goes on asking
            self._fails(f"its answer can't be read ({type(error).__name__}: {error})")

    @property
    def is_due(self) -> bool:
        """Whether anything is to be read, now or as soon as it may be."""
        return self._revision != self._feed.revision or self.wants_older

    def _is_stale(self) -> bool:
        is_new = self._revision != self._feed.revision
        return is_new and monotonic() - self._asked_at >= EVERY_S

    async def _read_newest(self, client: EngineClient) -> None:
        self._asked_at = monotonic()
        revision, wanted = self._feed.revision, self._wanted("", NEWEST)
        page = await client.page(wanted)
        if not self._is_meant(wanted):
            return
        rows, kept = _rows(page), self._kept(_rows(page))
        if kept is None:
            self._older = page.older
        self._take((*rows, *(kept or ())))
        self._revision = revision
        self.wants_older = False  # the view says anew whether these are enough

    def _kept(self, newest: Sequence[Any]) -> Sequence[Any] | None:
        """The older rows that follow the newest ones; None where they are not to be trusted.

        They would be behind a gap if too much has happened, or hold orders that have ended since.
        """
        if self._revision < 0 or not newest or not self.rows:
            return None
        last = _identity(newest[-1])
        at = next((at for at, row in enumerate(self.rows) if _identity(row) == last), None)
        kept = None if at is None else self.rows[at + 1 :]
        if not kept or any(isinstance(row, Order) and row.is_live for row in kept):
            return None
        return kept

    async def _read_older(self, client: EngineClient, before: str) -> None:
        wanted = self._wanted(before, OLDER)
        page = await client.page(wanted)
        if self._is_meant(wanted) and self._older == before:
            self.wants_older = False
            self._older = page.older
            self._take((*self.rows, *_rows(page)))

    def _wanted(self, before: str, limit: int) -> PageWanted:
        return PageWanted(
            listing=self.listing, before=before, bot_id=self.bot_id, types=self.types, limit=limit
        )

    def _is_meant(self, wanted: PageWanted) -> bool:
        """Whether the answer is still to the question that is asked now."""
        asked = (wanted.listing, wanted.bot_id, wanted.types)
        return asked == (self.listing, self.bot_id, self.types)

    def _take(self, rows: tuple[Any, ...]) -> None:
        is_same = self.has_answer and not self.problem and rows == self.rows
        self.has_answer, self.problem, self.rows = True, "", rows
        if not is_same:
            self.version += 1
            self._feed.changed = True

    def _fails(self, problem: str) -> None:
        """What is known stays; that it is old is said."""
        self._asked_at = monotonic()
        if problem != self.problem:
            self.problem = problem
            self.version += 1
            self._feed.changed = True


async def follow(
    client: EngineClient, wanted: Callable[[], TableFeed | None], happened: asyncio.Event
) -> None:
    """Keep the table that is looked at up to date for as long as the screen lives.

    It looks again when something has happened: the engine has news, or another view is shown.
    """
    while True:
        feed = wanted()
        if feed is not None:
            await feed.keep_up(client)
        await asyncio.sleep(LOOK_S)
        feed = wanted()
        await woken(happened, EVERY_S if feed is not None and feed.is_due else None)


def _rows(page: Page) -> tuple[Any, ...]:
    return (*page.orders, *page.fills, *page.events)


def _identity(row: Any) -> object:
    """What stays the same of a row whatever becomes of it."""
    if isinstance(row, Order):
        return row.client_order_id
    return row
