"""What a DCA bot decides: pure functions in the order of the story, and the state they pass on.

One slot is open at a time. It opens when it is due (or made up for), asks for one order, and closes
when that has filled, or when the next slot is due and its order is known to be gone.
"""

from decimal import Decimal

import msgspec

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import DesiredOrder
from nimbus_tui.core.panels import SlotState
from nimbus_tui.core.plan import Wake
from nimbus_tui.strategies.dca_config import DcaConfig, Missed
from nimbus_tui.strategies.dca_orders import Moment, OpenSlot, Unfit, dip_factor, quoted
from nimbus_tui.strategies.dca_schedule import Overdue, Schedule, overdue, whole_second
from nimbus_tui.strategies.dca_state import (
    PAUSED,
    DcaState,
    changed,
    closed,
    late_noted,
    missed,
    noted,
)
from nimbus_tui.strategies.dca_tally import Tally

MOST_AT_ONCE = 500
"""How many slots one plan deals with; what is left is dealt with right after."""
LEAST_SHARE = Decimal("0.01")
"""A rest of `max_quote` smaller than this share of an order is not worth one."""

DOWN = "it fell due while the bot was not running"
STOPPED = "it fell due while the bot was stopped"
OVERTAKEN = "the next slot was due before it could be traded"
UNFILLED = "the next slot was due before it filled"
DONE_WITH = "the bot was done by then"


# decisions, in the order of the story


def advanced(
    state: DcaState, config: DcaConfig, instrument: Instrument, moment: Moment
) -> DcaState:
    """The state after looking at a moment; looking twice at the same one changes nothing."""
    if state.open is None and moment.resting:
        return state  # an order of a past slot may still fill: that slot is not over
    state = _begun(state, config, moment)
    schedule = schedule_in(state, config)
    if state.open is not None:
        state = _continued(state, config, instrument, schedule, moment)
    if state.open is not None or moment.resting:
        return state
    if state.side is not config.side:
        state = _turned_around(state, config)
    for _ in range(MOST_AT_ONCE):
        before = state
        state, due = _picked(state, config, instrument, schedule, moment)
        if due is not None:
            state = _opened(state, config, instrument, moment, due)
        if state.open is not None or state == before:
            break
    return state


def schedule_in(state: DcaState, config: DcaConfig) -> Schedule:
    """The due times of a bot that has begun."""
    return config.schedule(state.start_at or 0)


def _begun(state: DcaState, config: DcaConfig, moment: Moment) -> DcaState:
    """At a start: count from now, or from the config's `start_at`.

    Slots before the very first start are none of the bot's. Those that passed while it was
    stopped are missed; where the count begins anew they are not made up for.
    """
    if not state.fresh:
        return state
    now = whole_second(moment.now)
    if state.start_at is None:
        state = changed(state, last_due=now - 1, side=config.side, planned_quote=config.most_quote)
    elif config.start_at is None and not state.finished:
        passed = overdue(schedule_in(state, config), state.last_due, now - 1)
        state = missed(state, passed, STOPPED)
    return changed(state, fresh=False, start_at=now)


def _continued(
    state: DcaState,
    config: DcaConfig,
    instrument: Instrument,
    schedule: Schedule,
    moment: Moment,
) -> DcaState:
    """The open slot a moment later: its order stays, goes for a better one, or it closes.

    An order is never replaced before the venue has said how the old one ended.
    """
    slot = state.open
    if slot is None:
        return state
    following = schedule.first_after(slot.opened_at)
    over = following is not None and following <= moment.now
    if over or state.side is not config.side:
        if moment.resting:
            return changed(state, open=msgspec.structs.replace(slot, leaving=True))
        return closed(state, UNFILLED if over else "the bot changed its side")
    if moment.resting:
        return changed(state, open=slot.looked_after(config, instrument, moment))
    fit = quoted(slot.next_part(), config, instrument, moment)
    return closed(state, fit) if isinstance(fit, Unfit) else changed(state, open=fit)


def _turned_around(state: DcaState, config: DcaConfig) -> DcaState:
    """The other side has sums and limits of its own; due times are not given twice."""
    return DcaState(
        side=config.side,
        fresh=False,
        start_at=state.start_at,
        last_due=state.last_due,
        planned_quote=state.planned_quote,
    )


def _picked(
    state: DcaState,
    config: DcaConfig,
    instrument: Instrument,
    schedule: Schedule,
    moment: Moment,
) -> tuple[DcaState, int | None]:
    """The slot to open now, if any, after noting those that will not be."""
    if is_spent(state.tally, config, instrument) or state.finished:
        return _finished(state, config, instrument, moment), None
    if config.missed is Missed.CATCH_UP and state.late is None:
        return _next_in_line(state, schedule, moment)
    if config.missed is not Missed.CATCH_UP:
        state = _misses_noted(state, config, schedule, moment)
    if moment.listening_since is None:
        return state, None
    if state.late is not None:
        return changed(state, late=None), state.late
    return _newest_on_time(state, schedule, moment)


def is_spent(tally: Tally, config: DcaConfig, instrument: Instrument) -> bool:
    """Whether the limits leave nothing more to order."""
    if config.max_orders is not None and tally.orders >= config.max_orders:
        return True
    if config.max_quote is None:
        return False
    rest = config.max_quote - tally.invested
    return rest < max(instrument.min_notional, config.order_quote * LEAST_SHARE)


def _finished(
    state: DcaState, config: DcaConfig, instrument: Instrument, moment: Moment
) -> DcaState:
    """Once it is done no slot falls due any more; with higher limits it goes on from now."""
    state = late_noted(state, DONE_WITH)
    spent = is_spent(state.tally, config, instrument)
    return changed(state, finished=spent, last_due=max(state.last_due, moment.now))


def _next_in_line(
    state: DcaState, schedule: Schedule, moment: Moment
) -> tuple[DcaState, int | None]:
    """`catch_up`: one after another, oldest first."""
    due = schedule.first_after(state.last_due)
    if due is None or due > moment.now or moment.listening_since is None:
        return state, None
    return changed(state, last_due=due), due


def _misses_noted(
    state: DcaState, config: DcaConfig, schedule: Schedule, moment: Moment
) -> DcaState:
    """Note what fell due before the bot listened; `buy_once` keeps the latest of it in mind."""
    listens = moment.listening_since
    until = moment.now if listens is None else min(moment.now, listens - 1)
    passed = overdue(schedule, state.last_due, until)
    why = PAUSED if listens is None else DOWN
    if config.missed is Missed.SKIP:
        return missed(late_noted(state), passed, why)
    if not passed.count:
        return state
    older = Overdue(passed.count - 1, passed.newest[:-1])
    state = missed(late_noted(state), older, why)
    return changed(state, late=passed.newest[-1], last_due=passed.newest[-1])


def _newest_on_time(
    state: DcaState, schedule: Schedule, moment: Moment
) -> tuple[DcaState, int | None]:
    """What fell due while the bot listened; of several only the newest is still worth an order."""
    passed = overdue(schedule, state.last_due, moment.now)
    if not passed.count:
        return state, None
    older = Overdue(passed.count - 1, passed.newest[:-1])
    state = noted(state, older, SlotState.SKIPPED, OVERTAKEN)
    return changed(state, last_due=passed.newest[-1]), passed.newest[-1]


def _opened(
    state: DcaState, config: DcaConfig, instrument: Instrument, moment: Moment, due: int
) -> DcaState:
    """Open a slot with its order, or skip it where there can be none."""
    factor = dip_factor(config, state.tally.average_cost, moment.price)
    quote = config.order_quote * factor
    if config.max_quote is not None:
        quote = min(quote, config.max_quote - state.tally.invested)
    notes = []
    if moment.listening_since is None or due < moment.listening_since:
        notes.append("made up for")
    if factor != 1:
        notes.append(f"{factor.normalize():f} × the order, in a dip")
    slot = OpenSlot(due=due, opened_at=moment.now, quote=quote, note=", ".join(notes))
    fit = quoted(slot, config, instrument, moment)
    state = changed(state, open=slot if isinstance(fit, Unfit) else fit)
    return closed(state, fit) if isinstance(fit, Unfit) else state


# what it wants of the engine


def wish(state: DcaState, config: DcaConfig) -> DesiredOrder | None:
    """The order of the open slot, unless it is being taken back."""
    slot = state.open
    if slot is None or slot.leaving:
        return None
    return DesiredOrder(
        key=slot.key,
        symbol=config.symbol,
        side=state.side,
        type=slot.type,
        price=slot.price,
        quantity=slot.quantity,
    )


def wake(state: DcaState, config: DcaConfig, moment: Moment) -> Wake:
    """When to look again: the next due time, a new price for a limit, or all orders gone."""
    schedule = schedule_in(state, config)
    slot = state.open
    times: list[int | None] = []
    if slot is not None or not state.finished:
        times.append(schedule.first_after(moment.now))
    if slot is not None and not slot.leaving:
        times += slot.times(config)
    waits = slot.leaving if slot is not None else moment.resting
    if slot is None and not waits and not state.finished and moment.listening_since is not None:
        left = schedule.first_after(state.last_due)
        times.append(moment.now + 1 if left is not None and left <= moment.now else None)
    later = [at for at in times if at is not None and at > moment.now]
    return Wake(at=min(later, default=None), settled=waits)
