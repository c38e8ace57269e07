"""What the engine asks of its memory."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import msgspec

from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName, OrderKey, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Order
from nimbus_tui.journal.moments import BotMoment, PastPrice, Span


class BotRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is durable about a bot besides its orders and fills."""

    bot_id: BotId
    incarnation: str
    """Minted at creation; part of every client order id, so a new journal never reuses one."""
    strategy: str
    exchange: ExchangeName
    symbols: tuple[str, ...]
    capital: Decimal
    created_ns: int
    config: bytes
    """The bot's config as JSON, to see at a start what has changed."""
    state: str = "running"
    """The operator's word: running, paused or stopped."""
    reason: str = ""
    """Why it was stopped, for the screen."""
    strategy_state: bytes | None = None
    books: bytes | None = None
    """The bot's accounting as JSON."""


class ConfigVersion(msgspec.Struct, frozen=True):
    """A config text that an engine ran by from a time (ns) on."""

    ts: int
    hash: str
    """Tells it from the others."""
    text: str


class Journal(Protocol):
    """Durable memory of one engine, with one writer.

    Writes happen inside `transaction()`: all of it becomes durable, or nothing. Nested use
    joins the outer one. Every method raises `JournalError` when the store fails.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Make what is written inside durable together at the end; roll back on an exception."""
        ...

    def make_durable(self) -> None:
        """Let all that is committed so far survive a power cut too, whatever the durability."""
        ...

    @property
    def is_file(self) -> bool:
        """Whether there is a file to look over."""
        ...

    def look_over(self) -> None:
        """See that the file is still there and whole, and fold what it has gathered.

        Takes its time, and may be called from any thread.
        """
        ...

    def close(self) -> None:
        """Flush and let go of the lock. Harmless the second time."""
        ...

    # events

    def last_seq(self) -> int:
        """The highest event number written, 0 at first."""
        ...

    def append_events(self, events: Sequence[Event]) -> None:
        """Write stamped events."""
        ...

    def events(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        bot_id: BotId | None = None,
        types: Sequence[str] = (),
        newest: bool = False,
    ) -> list[Event]:
        """Events with seq > after in order; `newest` gives the last `limit` of them."""
        ...

    def events_before(
        self, before: int, *, bot_id: BotId, types: Sequence[str], limit: int
    ) -> list[Event]:
        """A bot's last events with seq < before, in order."""
        ...

    def events_between(self, after: int, upto: int) -> int:
        """How many events are numbered after one and up to another."""
        ...

    # bots

    def save_bot(self, record: BotRecord) -> None:
        """Insert or replace a bot's record."""
        ...

    def bots(self) -> list[BotRecord]:
        """All bots ever created and not released."""
        ...

    # orders

    def save_order(self, order: Order) -> None:
        """Insert or replace by client order id."""
        ...

    def order(self, client_order_id: ClientOrderId) -> Order | None:
        """One order by our id."""
        ...

    def last_order(self, bot_id: BotId, key: OrderKey) -> Order | None:
        """The order of the highest generation under a key."""
        ...

    def orders_under(self, bot_id: BotId, key: OrderKey) -> list[Order]:
        """Every order under a key, by generation."""
        ...

    def live_orders(self, bot_id: BotId | None = None) -> list[Order]:
        """Orders that are not final, oldest first."""
        ...

    def orders(self, *, bot_id: BotId | None = None, limit: int = 1000) -> list[Order]:
        """The newest orders of any state, newest first."""
        ...

    # fills

    def record_fill(self, fill: Fill) -> bool:
        """Write a fill; False when (exchange, trade id) is there already."""
        ...

    def has_fill(self, fill: Fill) -> bool:
        """Whether a fill is there already."""
        ...

    def fills(
        self, *, bot_id: BotId | None = None, limit: int | None = None, newest: bool = False
    ) -> list[Fill]:
        """Fills in the order of their absorption; `newest` gives the last `limit`."""
        ...

    def fills_after(self, bot_id: BotId, number: int, limit: int) -> list[tuple[int, Fill]]:
        """A bot's fills behind one that was read before, each with its number."""
        ...

    def record_foreign_fill(self, fill: Fill) -> bool:
        """Write a fill of an order that isn't ours; False when it is there already."""
        ...

    # funding

    def record_funding(self, payment: FundingPayment) -> bool:
        """Write a funding payment; False when (exchange, funding id) is there already."""
        ...

    def funding(
        self, *, bot_id: BotId | None = None, limit: int | None = None, newest: bool = False
    ) -> list[FundingPayment]:
        """Payments in the order of their absorption; `newest` gives the last `limit`."""
        ...

    def unclaimed_fills(self) -> list[Fill]:
        """Fills with our tag that were written while no bot knew their orders."""
        ...

    def take_unclaimed_fills(self, client_order_id: ClientOrderId) -> list[Fill]:
        """Those fills, removed: whoever takes them writes them again as a bot's."""
        ...

    # equity

    def save_equity(self, bot_id: BotId, point: EquityPoint) -> None:
        """Write a point of a bot's curve; a later one of the same moment replaces it."""
        ...

    def equity(self, bot_id: BotId, *, since_ns: int = 0, limit: int = 1000) -> list[EquityPoint]:
        """The newest points of a bot's curve from a moment on, oldest first."""
        ...

    def thin_equity(
        self, bot_id: BotId, *, after_ns: int, until_ns: int, apart_ns: int, limit: int
    ) -> int | None:
        """Keep the last point of each `apart_ns` in a span; looks at so many points at most.

        Returns from where to go on, None when the span is done.
        """
        ...

    # past moments

    @property
    def readable_at(self) -> Path | None:
        """Where another connection can read beside this one; None where nothing can."""
        ...

    def save_moment(self, moment: BotMoment, span: Span) -> None:
        """Write how a bot is after a span of events."""
        ...

    def save_price(self, exchange: ExchangeName, quote: Quote, span: Span) -> None:
        """Write a price as it is after a span of events; an empty span is between two."""
        ...

    def trim_moments(
        self, before_ns: int, bots: Iterable[BotId], markets: Iterable[tuple[ExchangeName, Symbol]]
    ) -> int:
        """Remove what is older than that, but what still held then; returns how many rows went."""
        ...

    def end_of_commit(self, seq: int) -> int:
        """The last event of the commit that an event belongs to, as far as that is known."""
        ...

    def bots_at(self, seq: int) -> list[BotMoment]:
        """Every bot that was hosted when a commit ended with this event."""
        ...

    def prices_at(self, seq: int, ts: int | None = None) -> list[PastPrice]:
        """The newest price of every market after an event; or, with `ts`, at that time."""
        ...

    def seq_at(self, ts: int) -> int:
        """The newest event at a time, 0 before the first."""
        ...

    def jump(self, seq: int, types: Sequence[str] = (), *, back: bool) -> tuple[int, int] | None:
        """Number and time of the nearest event of some types (default: any) after or before one."""
        ...

    # config versions

    def save_config_version(self, version: ConfigVersion) -> None:
        """Write the text that is followed from now on; nothing where the newest is the same."""
        ...

    def config_versions(self, *, limit: int = 100) -> list[ConfigVersion]:
        """The texts that were followed, the newest first."""
        ...

    # small facts

    def fact(self, name: str) -> str | None:
        """A named text: cursors, latches."""
        ...

    def save_fact(self, name: str, text: str | None) -> None:
        """Set or (None) remove a named text."""
        ...
