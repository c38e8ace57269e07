"""A bot's panel: the strategy's own rows, or its plan as a ladder, with how the orders stand."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.codec import plain
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.order import DesiredOrder, Order, OrderState, Side
from nimbus_tui.core.panels import (
    DriftPanel,
    LadderPanel,
    LadderRow,
    Panel,
    RowState,
    SlotState,
    StepRow,
    StepsPanel,
    StepState,
    TimelinePanel,
    TimelineRow,
)
from nimbus_tui.core.plan import Wake
from nimbus_tui.engine.bot import Bot

HUNDRED = Decimal(100)
MARKET_ORDERS_NAMED = 3
"""How many market orders a ladder's note names."""

_ROW_STATES = {
    OrderState.PENDING: RowState.PENDING,
    OrderState.OPEN: RowState.RESTING,
    OrderState.PARTIALLY_FILLED: RowState.PARTIAL,
    OrderState.UNKNOWN: RowState.UNKNOWN,
}


def bot_panel(bot: Bot) -> Panel:
    """What a bot shows of itself; a strategy without a panel, or whose panel raises, its plan."""
    panel = bot.guard.panel()
    if bot.guard.panel_complaint:
        ladder = plan_ladder(bot)
        notes = filter(None, (bot.guard.panel_complaint, ladder.note))
        return msgspec.structs.replace(ladder, note="; ".join(notes))
    return plan_ladder(bot) if panel is None else _joined(bot, panel)


# how the orders of the rows stand


def _joined(bot: Bot, panel: Panel) -> Panel:
    rows: Sequence[object]
    changes: dict[str, object] = {}
    match panel:
        case LadderPanel():
            rows = [_ladder_row(bot, row) for row in panel.rows]
        case TimelinePanel():
            rows = [_slot(bot, row) for row in panel.rows]
        case DriftPanel():
            rows = [
                msgspec.structs.replace(row, state=_state(bot, row.key, row.state))
                for row in panel.rows
            ]
        case StepsPanel():
            rows = [_step(bot, row) for row in panel.rows]
            changes["target_state"] = _state(bot, panel.target_key, panel.target_state)
    return msgspec.structs.replace(panel, rows=tuple(rows), **changes)


def _ladder_row(bot: Bot, row: LadderRow) -> LadderRow:
    state = _state(bot, row.key, row.state)
    return msgspec.structs.replace(row, state=state, filled=_filled(bot, row.key, row.filled))


def _slot(bot: Bot, row: TimelineRow) -> TimelineRow:
    """Only the order of a slot that is due can be anywhere."""
    if row.state is not SlotState.OPEN:
        return row
    return msgspec.structs.replace(row, order=_state(bot, row.key, row.order))


def _step(bot: Bot, row: StepRow) -> StepRow:
    if row.state is StepState.FILLED:
        return row
    state = _state(bot, row.key, row.order)
    return msgspec.structs.replace(row, order=state, filled=_filled(bot, row.key, row.filled))


def _state(bot: Bot, key: OrderKey | None, given: RowState) -> RowState:
    """How the order under a key really stands; as the strategy says where there is none."""
    if key is None:
        return given
    order = bot.keeper.live.get(key)
    if order is not None:
        return _row_state(order)
    held = key in bot.reviewed.held_back or bot.standing.is_stopped
    return RowState.HELD if held else given


def _row_state(order: Order) -> RowState:
    return RowState.CANCELLING if order.cancel_requested else _ROW_STATES[order.state]


def _filled(bot: Bot, key: OrderKey | None, given: Decimal) -> Decimal:
    order = bot.keeper.live.get(key) if key is not None else None
    return given if order is None else order.filled


# the plan as a ladder


def plan_ladder(bot: Bot) -> LadderPanel:
    """Every order that a bot wants now, highest price first, and what it waits for."""
    symbol = next(iter(bot.instruments)) if len(bot.instruments) == 1 else None
    orders, wake = bot.plan.orders, bot.plan.wake
    priced = [(_stands_at(order), order) for order in orders]
    rows = [
        *_rows(bot, [(at, o) for at, o in priced if at is not None and o.side is Side.SELL]),
        *_rows(bot, [(at, o) for at, o in priced if at is not None and o.side is Side.BUY]),
    ]
    at_market = [order for at, order in priced if at is None]
    notes = ["" if orders else "wants no order now", _market_note(bot, at_market)]
    notes.append("waits until none of its orders is live" if wake.settled else "")
    below, above = wake.bands.get(symbol, (None, None)) if symbol is not None else (None, None)
    if symbol is None:
        notes.append(_wake_note(wake))
    return LadderPanel(
        rows=tuple(sorted(rows, key=lambda row: -row.price)),
        wake_below=below,
        wake_above=above,
        wake_at=wake.at,
        note="; ".join(filter(None, notes)),
    )


def _stands_at(order: DesiredOrder) -> Decimal | None:
    return order.price if order.price is not None else order.trigger_price


def _rows(bot: Bot, priced: list[tuple[Decimal, DesiredOrder]]) -> list[LadderRow]:
    """Orders of one side, numbered from the market outwards."""
    if not priced:
        return []
    sign = priced[0][1].side.opposite.sign
    is_alone = len(bot.instruments) == 1
    rows = []
    for number, (at, order) in enumerate(sorted(priced, key=lambda pair: sign * pair[0]), 1):
        row = LadderRow(
            level=sign * number,
            price=at,
            offset_percent=_offset(bot, order.symbol, at),
            side=order.side,
            quantity=order.quantity,
            key=order.key,
            state=RowState.WANTED,
            symbol=None if is_alone else order.symbol,
        )
        rows.append(_ladder_row(bot, row))
    return rows


def _offset(bot: Bot, symbol: Symbol, at: Decimal) -> Decimal:
    """Distance from the newest price in percent; 0 while there is none."""
    quote = bot.prices.get(symbol)
    return (at - quote.price) / quote.price * HUNDRED if quote is not None else Decimal(0)


def _market_note(bot: Bot, orders: Sequence[DesiredOrder]) -> str:
    if not orders:
        return ""
    named = [
        f"{order.side.value} {plain(order.quantity)} {bot.instruments[order.symbol].base}"
        f" ({order.key}, {_state(bot, order.key, RowState.WANTED).value})"
        for order in orders[:MARKET_ORDERS_NAMED]
    ]
    more = len(orders) - len(named)
    return f"at market: {', '.join(named)}{f' and {more} more' if more else ''}"


def _wake_note(wake: Wake) -> str:
    """The bands of a bot with several symbols, which no single ladder can show."""
    words = []
    for symbol, (below, above) in wake.bands.items():
        low, high = ("" if edge is None else plain(edge) for edge in (below, above))
        if low or high:
            words.append(f"{symbol.partition('/')[0]} {low}…{high}")
    return f"wakes outside {', '.join(words)}" if words else ""
