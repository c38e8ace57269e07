"""What a DCA bot remembers, and how fills and past slots enter its memory."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import SlotState, TimelineRow
from nimbus_tui.strategies.base import StrategyState
from nimbus_tui.strategies.dca_config import ZERO
from nimbus_tui.strategies.dca_orders import OpenSlot, Unfit
from nimbus_tui.strategies.dca_schedule import Overdue, due_of, part_of, slot_key
from nimbus_tui.strategies.dca_tally import Tally

PAST_KEPT = 200
"""How many past slots the timeline shows; the sums know them all."""

SLOTS_RECALLED = 64
"""How many slots a power cut may have taken from the journal."""
PARTS_RECALLED = range(1, 9)
"""Which parts of each slot's order are looked for afterwards."""

PAUSED = "it fell due while the bot was paused"


class DcaState(StrategyState, frozen=True, kw_only=True):
    """What a DCA bot remembers."""

    side: Side = Side.BUY
    """The side that the sums belong to."""
    fresh: bool = True
    """Whether the next plan begins the schedule anew."""
    start_at: int | None = None
    """From when slots are counted where the config doesn't say, ns."""
    planned_quote: Decimal = ZERO
    """What all orders came to when the bot was created: its capital was made for that."""
    last_due: int = 0
    """Due times up to this one are dealt with and never come again, ns."""
    late: int | None = None
    """The latest slot missed in a pause, to be made up for once at its end."""
    open: OpenSlot | None = None
    finished: bool = False
    """Whether `max_orders` or `max_quote` has been reached."""
    warning: str = ""
    """The first slot that could not be an order, with the reason; the operator hears of it once."""
    tally: Tally = Tally()
    past: tuple[TimelineRow, ...] = ()
    """The newest past slots, in the order of their due times."""


# what its orders bring


def absorb_fill(state: DcaState, fill: Fill, instrument: Instrument) -> DcaState:
    """Take in a fill: the sums, and the slot that it belongs to; a whole order closes its slot."""
    due = due_of(fill.key)
    if due is None:
        return changed(state, tally=state.tally.with_closing(fill, instrument))
    slot = state.open
    if slot is None or slot.due != due:
        return _filled_late(state, fill, instrument, due)
    after = slot.with_fill(fill.key, fill.quantity, fill.notional)
    tally = state.tally.with_fill(fill, instrument, slot.price_paid, after.price_paid or fill.price)
    state = changed(state, open=after, tally=tally)
    return closed(state) if after.part_filled >= after.quantity else state


def part_ended(state: DcaState, key: OrderKey) -> DcaState:
    """An order ended with a part filled: what is left goes under the next part's key."""
    if state.open is None or state.open.key != key:
        return state
    return changed(state, open=state.open.next_part())


def _filled_late(state: DcaState, fill: Fill, instrument: Instrument, due: int) -> DcaState:
    """A fill of a slot that is past already: the bot was stopped while its order filled."""
    at = next((n for n, row in enumerate(state.past) if row.due == due), None)
    if at is None:
        tally = state.tally.with_fill(fill, instrument, fill.price, fill.price)
        return changed(state, tally=tally)
    row = state.past[at]
    quantity, spent = row.quantity + fill.quantity, row.spent + fill.notional
    tally = state.tally.with_fill(fill, instrument, row.price, spent / quantity)
    if row.state is SlotState.SKIPPED:
        tally = tally.with_skipped(-1)
    row = msgspec.structs.replace(
        row,
        state=SlotState.DONE,
        price=spent / quantity,
        quantity=quantity,
        spent=spent,
        mean_price=tally.mean_price,
        average_cost=tally.average_cost,
    )
    later = [
        msgspec.structs.replace(one, invested=one.invested + fill.notional)
        for one in (row, *state.past[at + 1 :])
    ]
    return changed(state, past=(*state.past[:at], *later), tally=tally)


def at_hand(state: DcaState) -> tuple[int, ...]:
    """When the slot was due that is open, or is to be opened next."""
    if state.open is not None:
        return (state.open.due,)
    return () if state.late is None else (state.late,)


def recalled(state: DcaState, key: OrderKey) -> DcaState:
    """An order of a slot exists that the journal had lost: it and those before are dealt with.

    Where the slot is open still, it goes on from the part that the order is of.
    """
    due = due_of(key)
    if due is None:
        return state
    late = None if state.late == due else state.late
    state = changed(state, last_due=max(state.last_due, due), late=late)
    if state.open is None or state.open.due != due:
        return state
    return changed(state, open=state.open.come_to(part_of(key)))


# the end of a slot


def closed(state: DcaState, why: str | Unfit = "") -> DcaState:
    """The open slot becomes a past one: done if anything of it filled, else skipped."""
    slot = state.open
    if slot is None:
        return state
    reason = why.reason if isinstance(why, Unfit) else why
    if slot.filled and reason:
        filled, intended = slot.filled.normalize(), slot.intended.normalize()
        reason = f"{filled:f} of {intended:f} filled: {reason}"
    tally = state.tally if slot.filled else state.tally.with_skipped(1)
    row = TimelineRow(
        due=slot.due,
        state=SlotState.DONE if slot.filled else SlotState.SKIPPED,
        key=slot_key(slot.due),
        price=slot.price_paid,
        quantity=slot.filled,
        spent=slot.spent,
        invested=tally.invested,
        mean_price=tally.mean_price,
        average_cost=tally.average_cost,
        note="; ".join(text for text in (slot.note, reason) if text),
    )
    warning = state.warning
    if not warning and isinstance(why, Unfit) and why.warns and not slot.filled:
        warning = f"{row.key} is skipped: {why.reason}"
    return changed(state, open=None, past=_kept(state.past, row), tally=tally, warning=warning)


def at_rest(state: DcaState) -> DcaState:
    """Out of the market: what was open or to be made up for is not any more."""
    return late_noted(closed(state, "the bot was stopped"))


def late_noted(state: DcaState, why: str = PAUSED) -> DcaState:
    """The slot that was to be made up for is missed for good."""
    if state.late is None:
        return state
    return missed(changed(state, late=None), Overdue(1, (state.late,)), why)


def missed(state: DcaState, passed: Overdue, why: str) -> DcaState:
    """Slots that fell due while the bot could not act."""
    return noted(state, passed, SlotState.MISSED, why)


def noted(state: DcaState, passed: Overdue, kind: SlotState, why: str) -> DcaState:
    """Slots that came to nothing: the newest as rows, all of them in the sums."""
    if not passed.count:
        return state
    tally = state.tally
    tally = (
        tally.with_missed(passed.count)
        if kind is SlotState.MISSED
        else tally.with_skipped(passed.count)
    )
    past = state.past
    for due in passed.newest:
        row = TimelineRow(
            due=due,
            state=kind,
            key=slot_key(due),
            invested=tally.invested,
            mean_price=tally.mean_price,
            average_cost=tally.average_cost,
            note=why,
        )
        past = _kept(past, row)
    newest = passed.newest[-1] if passed.newest else 0
    return changed(state, tally=tally, past=past, last_due=max(state.last_due, newest))


def _kept(past: tuple[TimelineRow, ...], row: TimelineRow) -> tuple[TimelineRow, ...]:
    rows = [*past, row]
    if past and past[-1].due > row.due:
        rows.sort(key=lambda one: one.due)
    return tuple(rows[-PAST_KEPT:])


def changed(state: DcaState, **changes: object) -> DcaState:
    """The state with some of its fields replaced."""
    return msgspec.structs.replace(state, **changes)
