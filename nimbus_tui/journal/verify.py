"""Whether a journal's history makes sense: every promise that the engine keeps, checked again.

Each check is a pure function from tables to problems. Nothing is repaired here: a journal that
contradicts itself needs a person who looks at the venue too.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Protocol

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.order import MOST_TRIES_LOST, OrderState
from nimbus_tui.journal.base import BotRecord
from nimbus_tui.journal.claims import Received, are_paid_for, claims, kept, received_in_all, traded
from nimbus_tui.journal.reader import OrderRow
from nimbus_tui.journal.schema import migrations

ZERO = Decimal(0)
CURSOR_WITHIN_NS = 180 * NS_PER_SECOND
"""How long after a venue's first fill its cursor must be there: it is written once a minute."""
_UNFILLED = frozenset({OrderState.PENDING, OrderState.UNKNOWN, OrderState.OPEN})


class Problem(msgspec.Struct, frozen=True):
    """One promise that does not hold, and where."""

    invariant: str
    subject: str
    detail: str


class Tables(Protocol):
    """A journal's tables at one moment; each call reads them anew."""

    def complaints(self) -> list[str]:
        """What the store itself finds wrong with its file."""
        ...

    def checksums(self) -> list[tuple[int, str]]:
        """Version and checksum of each migration that was applied."""
        ...

    def events(self) -> Iterator[tuple[int, Event]]:
        """Number and event, in order."""
        ...

    def orders(self) -> Iterator[OrderRow]:
        """Orders by bot, key and generation."""
        ...

    def fills(self) -> Iterator[Fill]:
        """Fills in the order of their absorption."""
        ...

    def funding(self) -> Iterator[FundingPayment]:
        """Funding payments in the order of their absorption."""
        ...

    def bots(self) -> Iterator[BotRecord]:
        """Bots."""
        ...

    def facts(self) -> Iterator[tuple[str, str]]:
        """Names and texts."""
        ...


def verify(tables: Tables) -> list[Problem]:
    """Everything that is wrong; empty for a healthy journal.

    A table that can't be read to its end is a problem itself, and the other checks go on.
    """
    checks: dict[str, Callable[[], Iterable[Problem]]] = {
        "file": lambda: whole(tables.complaints()),
        "schema": lambda: as_released(tables.checksums()),
        "events": lambda: numbered(tables.events()),
        "orders": lambda: sound_orders(tables.orders(), filled_by_order(tables.fills())),
        "keys": lambda: sound_keys(tables.orders()),
        "books": lambda: sound_books(
            tables.bots(),
            Counter(fill.bot_id for fill in tables.fills() if fill.bot_id is not None),
            received_in_all(tables.fills()),
            tables.funding(),
        ),
        "cursors": lambda: with_cursors(tables.fills(), dict(tables.facts()), tables.events()),
    }
    found: list[Problem] = []
    for name, check in checks.items():
        try:
            found.extend(check())
        except JournalError as error:
            found.append(Problem("readable", name, str(error)))
    return found


def whole(complaints: Sequence[str]) -> Iterator[Problem]:
    """SQLite finds nothing wrong with the file."""
    for line in complaints:
        yield Problem("integrity", "file", line)


def as_released(applied: Sequence[tuple[int, str]]) -> Iterator[Problem]:
    """The schema was made by the migrations that this program carries, every one of them."""
    known = {migration.version: migration.checksum for migration in migrations()}
    for version in known.keys() - {version for version, _ in applied}:
        yield Problem("migrations", f"migration {version}", "it was never applied")
    for version, checksum in applied:
        if known.get(version) != checksum:
            yield Problem("migrations", f"migration {version}", "it is not the one released")


def numbered(events: Iterable[tuple[int, Event]]) -> Iterator[Problem]:
    """Events are numbered from 1 without a gap, and each knows its number."""
    last = 0
    for seq, event in events:
        if seq != last + 1:
            missing = f"{last + 1}" if seq == last + 2 else f"{last + 1} to {seq - 1}"
            yield Problem("sequence", f"event {seq}", f"missing before it: {missing}")
        if event.seq != seq:
            yield Problem("sequence", f"event {seq}", f"it says that it is number {event.seq}")
        last = seq


def filled_by_order(fills: Iterable[Fill]) -> dict[str, Decimal]:
    """By client order id, the sum of the fills that a bot has absorbed."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for fill in fills:
        if fill.bot_id is not None:
            sums[fill.client_order_id] += fill.quantity
    return sums


def sound_orders(rows: Iterable[OrderRow], filled: Mapping[str, Decimal]) -> Iterator[Problem]:
    """Each order's state fits its fills, and its columns say the same as its body."""
    unseen = dict(filled)
    for row in rows:
        order, subject = row.order, f"{row.bot_id} {row.key} ({row.client_order_id})"
        total = unseen.pop(row.client_order_id, ZERO)
        if total != order.filled:
            detail = f"its fills sum up to {total:f}, it says {order.filled:f}"
            yield Problem("fills of an order", subject, detail)
        if order.filled > order.quantity:
            detail = f"filled {order.filled:f} of {order.quantity:f}"
            yield Problem("overfill", subject, detail)
        if trouble := _state_trouble(row):
            yield Problem("order state", subject, trouble)
        columns = (row.client_order_id, row.bot_id, row.key, row.generation)
        body = (order.client_order_id, order.bot_id, order.key, order.generation)
        if columns != body or row.state != order.state.value:
            yield Problem("columns", subject, "its columns and its body differ")
    for identity, total in unseen.items():
        yield Problem(
            "fills of an order", identity, f"{total:f} filled of an order that isn't here"
        )


def _state_trouble(row: OrderRow) -> str:
    order = row.order
    if row.live != order.is_live:
        return f"it is {order.state.value} and counts as {'live' if row.live else 'ended'}"
    if order.state in _UNFILLED and order.filled:
        return f"it is {order.state.value} with {order.filled:f} filled"
    if order.state is OrderState.PARTIALLY_FILLED and not order.filled:
        return "it is partially_filled with nothing filled"
    if (order.state is OrderState.FILLED) != (order.filled >= order.quantity):
        return f"it is {order.state.value} with {order.filled:f} of {order.quantity:f} filled"
    return ""


def sound_keys(rows: Iterable[OrderRow]) -> Iterator[Problem]:
    """Under one key one order lives at most and one has filled at most, and nothing follows it."""
    for (bot_id, key), group in groupby(rows, key=lambda row: (row.bot_id, row.key)):
        orders = [row.order for row in group]
        subject = f"{bot_id} {key}"
        live = [order for order in orders if order.is_live]
        filled = [order for order in orders if order.filled]
        if len(live) > 1:
            yield Problem("one live order per key", subject, f"{len(live)} orders are live")
        if len(filled) > 1:
            yield Problem("a spent key stays spent", subject, f"{len(filled)} orders have filled")
        for before, after in pairwise(orders):
            if before.is_live or before.filled:
                why = "lives" if before.is_live else "has filled"
                detail = f"try {after.generation} follows {before.generation}, which {why}"
                yield Problem("generations", subject, detail)
            elif after.generation - before.generation > MOST_TRIES_LOST:
                detail = f"try {after.generation} follows {before.generation}"
                yield Problem("generations", subject, detail)


def sound_books(
    bots: Iterable[BotRecord],
    counts: Mapping[str, int],
    received: Received,
    funding: Iterable[FundingPayment],
) -> Iterator[Problem]:
    """Books hold what the fills and the funding brought, and the strategy has seen all of it."""
    paid: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for payment in funding:
        if payment.bot_id is not None and payment.asset == traded(payment.symbol).quote:
            paid[payment.bot_id] += payment.amount
    known = set()
    for record in bots:
        known.add(record.bot_id)
        yield from _books_of(record, counts.get(record.bot_id, 0), received, paid[record.bot_id])
    for bot_id in sorted(counts.keys() - known):
        yield Problem("books", bot_id, f"{counts[bot_id]} fills of a bot that isn't here")


def _books_of(
    record: BotRecord, fills: int, received: Received, paid: Decimal
) -> Iterator[Problem]:
    try:
        state = kept(record)
    except msgspec.DecodeError as error:
        yield Problem("readable", record.bot_id, f"its books can't be read: {error}")
        return
    if state.books.fills != fills:
        detail = f"the books have entered {state.books.fills} fills, the journal has {fills}"
        yield Problem("books", record.bot_id, detail)
    if state.absorbed != fills:
        detail = f"the strategy has absorbed {state.absorbed} fills, the journal has {fills}"
        yield Problem("absorbed", record.bot_id, detail)
    found = claims(state, received.get(record.bot_id, {}))
    if not are_paid_for(record, state, found):
        beyond = ", ".join(f"{quantity:f} of {symbol}" for symbol, quantity in found.items())
        detail = f"positions beyond the fills: {beyond or 'none'}; the capital says otherwise"
        yield Problem("position", record.bot_id, detail)
    if state.books.funding != paid:
        detail = f"the books have {state.books.funding:f} of funding, the payments are {paid:f}"
        yield Problem("funding", record.bot_id, detail)


def with_cursors(
    fills: Iterable[Fill], facts: Mapping[str, str], events: Iterable[tuple[int, Event]]
) -> Iterator[Problem]:
    """Each venue that has filled has a cursor, unless its first fill is quite new."""
    first: dict[ExchangeName, int] = {}
    for fill in fills:
        first.setdefault(fill.exchange, fill.ts)
    newest = max((event.ts for _, event in events), default=0) if first else 0
    for exchange, ts in first.items():
        if f"fills-cursor/{exchange}" not in facts and newest - ts > CURSOR_WITHIN_NS:
            yield Problem("cursors", exchange, "nothing says up to where its fills were read")
