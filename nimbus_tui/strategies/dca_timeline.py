"""What a DCA bot shows: its timeline, its figures, and what a config would come to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.core.panels import SlotState, TimelinePanel, TimelineRow
from nimbus_tui.core.preview import Preview, PreviewFigure
from nimbus_tui.strategies.base import StatisticValue
from nimbus_tui.strategies.dca_config import HUNDRED, ZERO, DcaConfig, Missed, sells_coins
from nimbus_tui.strategies.dca_decisions import schedule_in
from nimbus_tui.strategies.dca_orders import Moment, OpenSlot, Unfit, quoted
from nimbus_tui.strategies.dca_schedule import Schedule, slot_key, whole_second
from nimbus_tui.strategies.dca_state import DcaState
from nimbus_tui.strategies.dca_tally import Tally

SHOWN_AHEAD = 6
"""How many slots to come a panel shows, the next one among them."""
PREVIEWED = 10
MOST_LOOKED_AHEAD = 10_000
"""Of how many slots a preview works out when the last one is due."""
_SHOWN_GRAIN = Decimal("1e-10")


def timeline(state: DcaState, config: DcaConfig, instrument: Instrument) -> TimelinePanel:
    """Past slots, the open one, and some of those to come."""
    if state.start_at is None:
        return _panel(state, config, instrument, (), None, "waits for the first price")
    schedule = schedule_in(state, config)
    ahead = () if state.finished else schedule.after(state.last_due, _left(state, config))
    rows = [*(_short(row) for row in state.past), *_waiting_rows(state), *_ahead_rows(ahead)]
    rows.sort(key=lambda row: row.due)
    return _panel(
        state, config, instrument, tuple(rows), next(iter(ahead), None), _note(state, config)
    )


def _panel(
    state: DcaState,
    config: DcaConfig,
    instrument: Instrument,
    rows: tuple[TimelineRow, ...],
    next_due: int | None,
    note: str,
) -> TimelinePanel:
    cost = state.tally.average_cost if not sells_coins(config, instrument) else None
    adverse = -config.side.sign
    return TimelinePanel(
        rows=rows,
        side=config.side,
        orders=state.tally.orders,
        max_orders=config.max_orders,
        invested=state.tally.invested,
        max_quote=config.max_quote,
        next_due=next_due,
        stop_price=_exit(cost, config.stop_loss, config.stop_loss_price, adverse),
        target_price=_exit(cost, config.take_profit, config.take_profit_price, -adverse),
        note=note,
    )


def _exit(
    cost: Decimal | None, percent: Decimal | None, price: Decimal | None, sign: int
) -> Decimal | None:
    """Where an exit rule trips: a price, or so many percent from the average cost."""
    if price is not None or percent is None or cost is None:
        return price
    return (cost * (1 + sign * percent / HUNDRED)).quantize(_SHOWN_GRAIN)


def _left(state: DcaState, config: DcaConfig) -> int:
    """How many slots to come are worth a row."""
    if config.max_orders is None:
        return SHOWN_AHEAD
    unfilled = state.open is not None and not state.open.filled
    return max(0, min(SHOWN_AHEAD, config.max_orders - state.tally.orders - unfilled))


def _waiting_rows(state: DcaState) -> list[TimelineRow]:
    """The open slot, and the one that a pause holds back."""
    tally, rows = state.tally, []
    if state.late is not None:
        rows.append(
            _row(state.late, SlotState.MISSED, tally, "made up for as soon as the bot may trade")
        )
    slot = state.open
    if slot is not None:
        opened = _row(slot.due, SlotState.OPEN, tally, slot.note)
        rows.append(
            msgspec.structs.replace(
                opened,
                key=slot.key,
                price=slot.price_paid,
                quantity=slot.filled,
                spent=slot.spent,
            )
        )
    return [_short(row) for row in rows]


def _ahead_rows(ahead: tuple[int, ...]) -> list[TimelineRow]:
    return [
        TimelineRow(due=due, state=SlotState.LATER if number else SlotState.NEXT, key=slot_key(due))
        for number, due in enumerate(ahead)
    ]


def _row(due: int, kind: SlotState, tally: Tally, note: str) -> TimelineRow:
    return TimelineRow(
        due=due,
        state=kind,
        key=slot_key(due),
        invested=tally.invested,
        mean_price=tally.mean_price,
        average_cost=tally.average_cost,
        note=note,
    )


def _note(state: DcaState, config: DcaConfig) -> str:
    orders = state.tally.orders
    if state.finished and config.max_orders is not None and orders >= config.max_orders:
        return f"done: all {config.max_orders} orders are filled"
    if state.finished and config.max_quote is not None:
        return f"done: {state.tally.invested.normalize():f} of {config.max_quote:f} is traded"
    if state.open is not None and state.open.leaving:
        return "waits for its order to be cancelled"
    return ""


def statistics(state: DcaState, config: DcaConfig) -> Mapping[str, StatisticValue]:
    """Orders, sums, averages, what was left out, what comes next."""
    tally = state.tally
    started = state.start_at is not None and not state.finished
    following = schedule_in(state, config).first_after(state.last_due) if started else None
    return {
        "orders": tally.orders,
        "invested": tally.invested,
        "bought" if config.side is Side.BUY else "sold": tally.traded,
        "mean_price": _shortened(tally.mean_price),
        "average_cost": _shortened(tally.average_cost),
        "skipped": tally.skipped,
        "missed": tally.missed,
        "left_orders": None
        if config.max_orders is None
        else max(0, config.max_orders - tally.orders),
        "left_quote": None
        if config.max_quote is None
        else max(ZERO, config.max_quote - tally.invested),
        "next_due": following,
        "open_slot": None if state.open is None else state.open.key,
    }


# before it runs


def preview(config: DcaConfig, instrument: Instrument, price: Decimal | None, now: int) -> Preview:
    """The first slots, what they come to, and what a careful person would want to know."""
    begin = whole_second(now)
    schedule = config.schedule(begin)
    count = _order_count(config)
    ahead = schedule.after(begin - 1, min(count, PREVIEWED))
    state = DcaState(side=config.side, fresh=False, start_at=begin, last_due=begin - 1)
    rows = tuple(_ahead_rows(ahead))
    panel = _panel(state, config, instrument, rows, next(iter(ahead), None), "")
    slot = OpenSlot(due=begin, opened_at=begin, quote=config.order_quote)
    fit = None if price is None else quoted(slot, config, instrument, _first(price, config, now))
    unfit = isinstance(fit, Unfit) and fit.warns
    return Preview(
        panel=panel,
        figures=_figures(config, instrument, schedule, count, begin, fit),
        warnings=tuple(_doubts(config, instrument, price, begin)),
        refusals=(fit.reason,) if isinstance(fit, Unfit) and unfit else (),
    )


def capital_needed(config: DcaConfig, instrument: Instrument) -> Decimal:
    """What all orders cost with their fees; a sale of coins costs nothing."""
    if sells_coins(config, instrument):
        return ZERO
    return config.most_quote * (1 + instrument.taker_fee)


def _order_count(config: DcaConfig) -> int:
    """How many orders there will be, all of the plain size."""
    counts = []
    if config.max_orders is not None:
        counts.append(config.max_orders)
    if config.max_quote is not None:
        counts.append(int(-(-config.max_quote // config.order_quote)))
    return min(counts, default=0)


def _first(price: Decimal, config: DcaConfig, now: int) -> Moment:
    """The moment of the first order, with all that it needs."""
    enough = config.most_quote * 2
    return Moment(
        now=now,
        price=price,
        resting=False,
        held=enough / price if config.side is Side.SELL else ZERO,
        cash=enough,
        listening_since=now,
    )


def _figures(
    config: DcaConfig,
    instrument: Instrument,
    schedule: Schedule,
    count: int,
    begin: int,
    fit: OpenSlot | Unfit | None,
) -> tuple[PreviewFigure, ...]:
    quote = instrument.quote
    plain = config.order_quote * count
    total = plain if config.max_quote is None else min(plain, config.max_quote)
    verb = "bought" if config.side is Side.BUY else "sold"
    figures = [
        PreviewFigure("orders", count),
        PreviewFigure(f"to be {verb} for", total, quote),
        PreviewFigure("last order", _last_due(schedule, count, begin)),
        PreviewFigure("capital needed", capital_needed(config, instrument), quote),
    ]
    if isinstance(fit, OpenSlot):
        figures.insert(1, PreviewFigure("first order", fit.quantity, instrument.base))
    return tuple(figures)


def _last_due(schedule: Schedule, count: int, begin: int) -> str | None:
    """When the last slot is due, in words of the clock; None where that is too far to tell."""
    if not 0 < count <= MOST_LOOKED_AHEAD and schedule.every is None:
        return None
    if schedule.every is None:
        dues = schedule.after(begin - 1, count)
        return _told(dues[-1]) if len(dues) == count else None
    first = schedule.first_after(begin - 1) or begin
    return _told(first + (count - 1) * schedule.every)


def _told(due: int) -> str | None:
    try:
        return datetime.fromtimestamp(due // NS_PER_SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):  # beyond the year 9999
        return None


def _doubts(
    config: DcaConfig, instrument: Instrument, price: Decimal | None, begin: int
) -> list[str]:
    doubts = []
    if config.start_at is not None and config.schedule(begin).start_at < begin:
        doubts.append("start_at has passed: slots before now don't count and are not made up for")
    if price is not None and config.price_floor is not None and price < config.price_floor:
        doubts.append(f"at {price:f} slots are skipped: it is under price_floor")
    if price is not None and config.price_ceiling is not None and price > config.price_ceiling:
        doubts.append(f"at {price:f} slots are skipped: it is over price_ceiling")
    if config.order_type is OrderType.LIMIT and config.fallback_after is None:
        doubts.append("a limit order that has not filled when the next is due is skipped")
    if config.missed is Missed.CATCH_UP:
        doubts.append("catch_up trades every missed slot, at the prices of the day it is back")
    if config.max_quote is not None and config.max_quote % config.order_quote:
        last = config.max_quote % config.order_quote
        doubts.append(f"the last order is cut to {last:f} {instrument.quote} by max_quote")
    return doubts


def _short(row: TimelineRow) -> TimelineRow:
    """A row with averages of ten digits behind the point, for people."""
    return msgspec.structs.replace(
        row,
        price=_shortened(row.price),
        mean_price=_shortened(row.mean_price),
        average_cost=_shortened(row.average_cost),
    )


def _shortened(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(_SHOWN_GRAIN)
