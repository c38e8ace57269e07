"""A grid's ladder as the rows of its panel."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import LadderPanel, LadderRow, RowState
from nimbus_tui.strategies.grid_decisions import GridOrder, GridState, recentre_limits
from nimbus_tui.strategies.grid_levels import HUNDRED, ZERO, GridConfig, level_price


def ladder(
    state: GridState, config: GridConfig, instrument: Instrument, waiting: Collection[OrderKey]
) -> LadderPanel:
    """The ladder, highest level first; `waiting` are orders that the grid itself holds back."""
    grid = state.grid
    if grid is None:
        waits = config.trigger_price is not None and not state.armed
        note = f"waits for {config.trigger_price}" if waits else "waits for the first price"
        return LadderPanel(note=note)
    orders = defaultdict(list)
    for order in state.orders:
        orders[order.level].append(order)
    rows: list[LadderRow] = []
    for level in reversed(grid.levels):
        empty = LadderRow(
            level=level,
            price=level_price(config, grid, level, Side.BUY, instrument),
            offset_percent=ZERO,
            fills=state.level_fills.get(level, 0),
            profit=state.level_profit.get(level, ZERO),
        )
        for order in orders[level]:
            price = level_price(config, grid, level, order.side, instrument)
            rows.append(_wanted(empty, order, price, order.key in waiting))
        if not orders[level]:
            rows.append(empty)
    below, above = recentre_limits(config, grid)
    return LadderPanel(
        rows=tuple(_with_offset(row, grid.base) for row in rows),
        base=grid.base,
        wake_below=below,
        wake_above=above,
        note="recentring: waits for the cancels" if state.recentring else "",
    )


def _wanted(empty: LadderRow, order: GridOrder, price: Decimal, waits: bool) -> LadderRow:
    return msgspec.structs.replace(
        empty,
        price=price,
        side=order.side,
        quantity=order.quantity,
        filled=order.filled,
        key=order.key,
        state=RowState.WAITING if waits else RowState.WANTED,
    )


def _with_offset(row: LadderRow, base: Decimal) -> LadderRow:
    offset = ((row.price - base) / base * HUNDRED).quantize(Decimal("0.01"))
    return msgspec.structs.replace(row, offset_percent=offset)
