"""The venues: how each is connected, and what is known of one of them."""

from collections.abc import Sequence

from nimbus_tui.control.snapshots import BotSnapshot, ExchangeSnapshot
from nimbus_tui.core import events as ev
from nimbus_tui.core.events import Event
from nimbus_tui.tui.viewmodels.lines import (
    FRESH_MS,
    NONE,
    Cell,
    Line,
    age,
    bar,
    left,
    paragraphs,
    right,
)
from nimbus_tui.tui.viewmodels.table import Column, Context, Table

LINKS = {
    "connected": Cell("● connected", "gain"),
    "connecting": Cell("◌ connecting", "warning"),
    "disconnected": Cell("✗ disconnected", "loss"),
}
_SHORT = 0.8
"""Share of the request budget from which on it is short."""
_HALF = 0.5
_OFF_MS = 1_000
"""A clock that is so far off is worth a warning."""
_BAR = 10
HAPPENINGS = ("connected", "disconnected", "error", "warning", "orderRejected")
"""Kinds of events that tell of a venue's troubles."""


def _link(venue: ExchangeSnapshot, width: int, _: Context) -> Cell:
    cell = LINKS.get(venue.link, Cell(f"▲ {venue.link}", "warning"))
    return left(cell.text, width, cell.tone)


def _ping(venue: ExchangeSnapshot) -> str:
    return NONE if venue.ping_ms is None else f"{venue.ping_ms:,.0f} ms"


def _age(venue: ExchangeSnapshot, width: int, _: Context) -> Cell:
    words, tone = age(venue.data_age_ms)
    return left(words, width, tone)


def _budget_tone(share: float) -> str:
    return "loss" if share >= _SHORT else "warning" if share >= _HALF else "plain"


def _budget(venue: ExchangeSnapshot, width: int, _: Context) -> Cell:
    mark = "▲ " if venue.rate_used >= _SHORT else ""
    text = f"{mark}{bar(venue.rate_used, _BAR)} {venue.rate_used * 100:3.0f} %"
    return left(text, width, _budget_tone(venue.rate_used))


def _offset(venue: ExchangeSnapshot) -> Cell:
    if venue.clock_offset_ms is None:
        return Cell(NONE, "muted")
    text = f"{venue.clock_offset_ms:+,.0f} ms".replace("-", "−")
    return Cell(text, "warning" if abs(venue.clock_offset_ms) >= _OFF_MS else "plain")


def _clock(venue: ExchangeSnapshot, width: int, _: Context) -> Cell:
    cell = _offset(venue)
    return right(cell.text, width, cell.tone)


def _reconnects(venue: ExchangeSnapshot, width: int, _: Context) -> Cell:
    return right(str(venue.reconnects), width, "warning" if venue.reconnects else "plain")


VENUES: Table[ExchangeSnapshot] = Table(
    name="connections",
    columns=(
        Column("venue", 10, 0, lambda v, w, _: left(v.name, w, "strong"), lambda v: v.name,
               most=24),
        Column("type", 11, 3, lambda v, w, _: left(v.type, w, "muted"), lambda v: v.type),
        Column("socket", 14, 0, _link, lambda v: v.link),
        Column("ping", 9, 0, lambda v, w, _: right(_ping(v), w), lambda v: v.ping_ms,
               is_number=True),
        Column("data", 10, 0, _age, lambda v: v.data_age_ms),
        Column("reconnects", 10, 2, _reconnects, lambda v: v.reconnects, is_number=True),
        Column("budget used", 18, 1, _budget, lambda v: v.rate_used),
        Column("clock", 10, 4, _clock, lambda v: v.clock_offset_ms, is_number=True),
        Column("what it says", 20, 5, lambda v, w, _: left(v.detail, w, "warning"),
               lambda v: v.detail or None, most=90),
    ),
    identity=lambda v: v.name,
    facets=lambda v: {"venue": v.name, "type": v.type, "state": v.link},
    words=lambda v: f"{v.name} {v.type} {v.link} {v.detail}",
    bot=lambda _: None,
    plain=lambda v: {
        "venue": v.name, "type": v.type, "link": v.link, "ping_ms": v.ping_ms,
        "data_age_ms": v.data_age_ms, "reconnects": v.reconnects, "rate_used": v.rate_used,
        "clock_offset_ms": v.clock_offset_ms, "detail": v.detail,
    },
    title=lambda v: f"connection {v.name}",
)  # fmt: skip


def about(venue: ExchangeSnapshot, bots: Sequence[BotSnapshot], width: int) -> list[Line]:
    """One venue in full: what each figure means for the bots on it."""
    own = [bot.bot_id for bot in bots if bot.exchange == venue.name]
    words, tone = age(venue.data_age_ms)
    link = LINKS.get(venue.link, Cell(venue.link, "warning"))
    exact = "" if venue.data_age_ms is None or venue.data_age_ms <= FRESH_MS else (
        f" ({venue.data_age_ms / 1000:,.0f} s)"
    )  # fmt: skip
    facts: list[Line] = [
        _fact("socket", link),
        _fact("newest data", Cell(f"{words}{exact}", tone)),
        _fact("ping", Cell(_ping(venue))),
        _fact("reconnects", Cell(str(venue.reconnects))),
        _fact("request budget", _budget(venue, 18, Context())),
        _fact("clock, theirs less ours", _offset(venue)),
    ]
    told = paragraphs(f"bots on it: {', '.join(own) or 'none'}", width - 2)
    return [*facts, *paragraphs(venue.detail, width - 2, "warning"), *told]


def _fact(name: str, cell: Cell) -> Line:
    return (left(f" {name}", 25, "muted"), cell)


def concerns(event: Event, venue: str, bots: Sequence[BotSnapshot]) -> bool:
    """Whether an event is of a venue: of its connection, or of a bot that trades there."""
    if isinstance(event, ev.Connected | ev.Disconnected):
        return event.exchange == venue
    return any(bot.bot_id == event.bot_id and bot.exchange == venue for bot in bots)
