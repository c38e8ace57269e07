"""Reads a past moment out of a journal: needs no engine and no strategy, only the journal."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.control.past import Jump, Marks, Moments, PastMoment
from nimbus_tui.control.snapshots import BotDetail, BotSnapshot
from nimbus_tui.core.events import Event, OrderFilled
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.market import Quote
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.history import Shown
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.snapshots import FILLS_SHOWN
from nimbus_tui.journal.base import Journal

FILLS = ("orderFilled",)
RISKS = (
    "riskEscalated",
    "riskCleared",
    "stopLossTriggered",
    "takeProfitTriggered",
    "circuitBreakerActivated",
    "paused",
    "resumed",
    "stopped",
    "started",
)
ERRORS = ("error",)
MOST_PARTS = 1_000
"""Into how many parts a stretch of time is divided at most."""
RISKS_SHOWN = 40
MOST_AROUND = 1_000
"""Most events on either side of a moment."""


class Asked(msgspec.Struct, frozen=True):
    """Which moment is wanted: after an event, at a time, or by default the newest."""

    seq: int | None = None
    ts: int | None = None
    focus: BotId | None = None
    around: int = 50


def past_moment(journal: Journal, asked: Asked) -> PastMoment:
    """The engine as it was."""
    last = journal.last_seq()
    seq = last if asked.seq is None else min(max(asked.seq, 0), last)
    if asked.ts is not None:
        seq = journal.seq_at(asked.ts)
    end = journal.end_of_commit(seq)
    prices: dict[Market, Quote] = {
        (past.exchange, past.quote.symbol): past.quote for past in journal.prices_at(end, asked.ts)
    }
    bots = {
        moment.bot_id: at_prices(msgspec.json.decode(moment.body, type=Shown), prices)
        for moment in journal.bots_at(end)
    }
    event = journal.events(after=seq - 1, limit=1) if seq else []
    focused = bots.get(asked.focus) if asked.focus is not None else None
    around = min(max(asked.around, 0), MOST_AROUND)
    start = max(0, seq - around - 1)
    return PastMoment(
        seq=seq,
        ts=asked.ts if asked.ts is not None else (event[0].ts if event else 0),
        risk=_strictest([one.row for one in bots.values()]),
        bots=tuple(bots[name].row for name in sorted(bots)),
        detail=None if focused is None else _detail(journal, focused, end),
        events=tuple(journal.events(after=start, limit=seq + around - start)),  # type: ignore[arg-type]
        risk_events=_risks(journal, seq),  # type: ignore[arg-type]
    )


def at_prices(one: Shown, prices: Mapping[Market, Quote]) -> Shown:
    """A bot with its money at other prices than its last event's."""
    row, gain = one.row, Decimal(0)
    quotes = {s: prices.get((row.exchange, s), quote) for s, quote in one.quotes.items()}
    for symbol, quote in quotes.items():
        gain += Decimal(one.positions[symbol]) * (_mark(quote) - _mark(one.quotes[symbol]))
    single = quotes.get(row.symbol) if row.symbol is not None else None
    changed = msgspec.structs.replace(
        row,
        price=row.price if single is None else single.price,
        price_ts=row.price_ts if single is None else single.ts,
        unrealized_pnl=row.unrealized_pnl + gain,
        equity=row.equity + gain,
        pnl_today=row.pnl_today + gain,
    )
    return msgspec.structs.replace(one, row=changed, quotes=quotes)


def _mark(quote: Quote) -> Decimal:
    return quote.mark_price or quote.price


def _detail(journal: Journal, one: Shown, seq: int) -> BotDetail:
    bot_id = one.row.bot_id
    return BotDetail(
        bot_id=bot_id, panel=one.panel, orders=one.orders, fills=_fills(journal, bot_id, seq)
    )


def _fills(journal: Journal, bot_id: BotId, seq: int) -> tuple[Fill, ...]:
    """The newest fills by then, oldest first."""
    events = journal.events_before(seq + 1, bot_id=bot_id, types=FILLS, limit=FILLS_SHOWN)
    return tuple(event.fill for event in events if isinstance(event, OrderFilled))


def _risks(journal: Journal, seq: int) -> tuple[Event, ...]:
    """The newest changes of risk up to an event, oldest first."""
    found: list[Event] = []
    at = seq + 1
    while len(found) < RISKS_SHOWN and (jump := journal.jump(at, RISKS, back=True)) is not None:
        at = jump[0]
        found += journal.events(after=at - 1, limit=1)
    return tuple(reversed(found))


def _strictest(rows: Sequence[BotSnapshot]) -> str:
    steps = {step.label: step for step in RiskStep}
    worst = max((steps.get(row.risk, RiskStep.NORMAL) for row in rows), default=RiskStep.NORMAL)
    return worst.label


def moments(journal: Journal, seq: int) -> Moments:
    """Where one may jump from an event."""

    def jump(types: Sequence[str] = (), *, back: bool, start: int = seq) -> Jump | None:
        found = journal.jump(start, types, back=back)
        return None if found is None else Jump(*found)

    return Moments(
        first=jump(back=False, start=0),
        last=jump(back=True, start=journal.last_seq() + 1),
        previous=jump(back=True),
        next=jump(back=False),
        previous_fill=jump(FILLS, back=True),
        next_fill=jump(FILLS, back=False),
        previous_risk=jump(RISKS, back=True),
        next_risk=jump(RISKS, back=False),
        previous_error=jump(ERRORS, back=True),
        next_error=jump(ERRORS, back=False),
    )


def marks(journal: Journal, since_ns: int, until_ns: int, parts: int) -> Marks:
    """Where there were fills, changes of risk and errors; a few look-ups for each part."""
    parts = min(max(parts, 1), MOST_PARTS)
    span = max(1, until_ns - since_ns)

    def found(types: Sequence[str]) -> tuple[int, ...]:
        hits: list[int] = []
        seq = journal.seq_at(since_ns - 1)
        while (event := journal.jump(seq, types, back=False)) is not None and event[1] <= until_ns:
            part = min(parts - 1, (event[1] - since_ns) * parts // span)
            hits.append(part)
            # The newest event before the next part begins.
            seq = max(event[0], journal.seq_at(since_ns - (-(part + 1) * span // parts) - 1))
        return tuple(dict.fromkeys(hits))

    return Marks(
        since_ns=since_ns,
        until_ns=until_ns,
        parts=parts,
        fills=found(FILLS),
        risks=found(RISKS),
        errors=found(ERRORS),
    )
