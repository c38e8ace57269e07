"""The grid's ladder as lines: every level, the moving price between them, base and wake band."""

from decimal import Decimal

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import LadderPanel, LadderRow, RowState
from nimbus_tui.tui.viewmodels.lines import Cell, Line, left, price, right, signed

_STATES = {
    RowState.EMPTY: ("·", "muted"),
    RowState.WANTED: ("wanted", "caution"),
    RowState.WAITING: ("waiting", "caution"),
    RowState.HELD: ("held back", "caution"),
    RowState.PENDING: ("pending", "caution"),
    RowState.RESTING: ("resting", "plain"),
    RowState.PARTIAL: ("partly filled", "price"),
    RowState.CANCELLING: ("cancelling", "caution"),
    RowState.UNKNOWN: ("unknown", "loss"),
}

_PRICE_MARK = "     ▶ "


def ladder(panel: LadderPanel | None, bot: BotSnapshot | None) -> list[Line]:
    """The ladder of one bot, highest price first."""
    if bot is None:
        return [(Cell(" no bot selected", "muted"),)]
    title: Line = (Cell(f" {bot.bot_id} ", "title"), Cell(f"{bot.symbol or ''} grid", "muted"))
    if panel is None:
        return [title, (Cell(" …", "muted"),)]
    lines = [title]
    if panel.note:
        lines.append((Cell(f" {panel.note}", "caution"),))
    if panel.base is not None:
        lines.append((Cell(f" base {price(panel.base)}  moves at {_band(panel)}", "muted"),))
    lines.append(_heading())
    marked = bot.price is None
    for row in panel.rows:
        if not marked and bot.price is not None and row.price <= bot.price:
            lines.append(_price_line(bot.price))
            marked = True
        lines.append(_row(row))
    if not marked and bot.price is not None:
        lines.append(_price_line(bot.price))
    return lines


def price_row(lines: list[Line]) -> int | None:
    """Where the moving price stands."""
    return next((y for y, line in enumerate(lines) if line[0].text == _PRICE_MARK), None)


def _band(panel: LadderPanel) -> str:
    if panel.wake_below is None and panel.wake_above is None:
        return "no price (holds)"
    below = "–" if panel.wake_below is None else f"{panel.wake_below:,.8g}"
    above = "–" if panel.wake_above is None else f"{panel.wake_above:,.8g}"
    return f"{below} … {above}"


def _heading() -> Line:
    return (
        left(" level", 7, "muted"),
        right("price", 11, "muted"),
        right("%", 8, "muted"),
        left("  side", 8, "muted"),
        right("size", 10, "muted"),
        left("  state", 16, "muted"),
        right("fills", 6, "muted"),
        right("profit", 9, "muted"),
    )


def _row(row: LadderRow) -> Line:
    tone = {Side.BUY: "buy", Side.SELL: "sell", None: "muted"}[row.side]
    side = {Side.BUY: "▲ buy", Side.SELL: "▼ sell", None: ""}[row.side]
    state, state_tone = _STATES[row.state]
    profit, profit_tone = signed(row.profit) if row.profit else ("", "muted")
    return (
        right(f"{row.level:+d}" if row.level else "base", 6, "muted"),
        Cell(" "),
        right(price(row.price), 11, tone),
        right(f"{row.offset_percent:+.2f}", 8, "muted"),
        left(f"  {side}", 8, tone),
        right(f"{row.quantity:f}" if row.side else "", 10),
        left(f"  {state}", 16, state_tone),
        right(f"{row.fills}×" if row.fills else "", 6, "muted"),
        right(profit, 9, profit_tone),
    )


def _price_line(at: Decimal) -> Line:
    return (
        Cell(_PRICE_MARK, "price"),
        right(price(at), 11, "price"),
        Cell(" " + "─" * 50, "price"),
    )
