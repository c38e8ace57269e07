"""Header, bots table, event ticker and the bot's own figures as lines."""

from collections.abc import Mapping, Sequence

from nimbus_tui.control.snapshots import BotDetail, BotSnapshot, BotState, EngineSnapshot, Mode
from nimbus_tui.core import events as ev
from nimbus_tui.core.events import Event, event_type
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    age,
    left,
    money,
    price,
    right,
    signed,
    sparkline,
)

_STATE_TONES = {
    BotState.RUNNING: ("● running", "gain"),
    BotState.PAUSED: ("◐ paused", "caution"),
    BotState.STOPPING: ("◌ stopping", "caution"),
    BotState.STOPPED: ("○ stopped", "muted"),
    BotState.FAILED: ("✗ failed", "loss"),
    BotState.INITIALIZING: ("◌ starting", "muted"),
}
_STEP_TONES = {"normal": "muted", "warning": "caution", "throttle": "caution"}
_WIDE = 150
_MIDDLE = 100


def header(engine: EngineSnapshot | None, title: str, problem: str, width: int) -> list[Line]:
    """Who, whose money, how much, how risky, how fresh."""
    if engine is None:
        return [(Cell(" nimbus ", "title"), Cell(problem or " waiting for the engine", "caution"))]
    mode = {Mode.LIVE: "  LIVE ", Mode.TESTNET: "  TESTNET ", Mode.PAPER: "  PAPER "}[engine.mode]
    tone = "live" if engine.mode is Mode.LIVE else "price"
    cells = [Cell(" nimbus ", "title"), Cell(title, "title"), Cell(mode, tone)]
    if engine.state != "running":
        cells.append(Cell(f" {engine.state.upper()} ", "live"))
    cells.append(Cell(f" equity {money(engine.equity)} {engine.currency}"))
    if width >= _MIDDLE:
        cells.append(Cell(f"  exposure {money(engine.exposure)}", "plain"))
    cells.append(Cell(f"  risk {engine.risk}", _STEP_TONES.get(engine.risk, "loss")))
    for venue in engine.exchanges:
        words, shade = age(venue.data_age_ms)
        if venue.link != "connected":
            words, shade = venue.link, "loss"
        cells.append(Cell(f"  ● {venue.name} {words}", shade))
    lines: list[Line] = [tuple(cells)]
    if problem:
        lines.append((Cell(f" {problem}", "live"),))
    if engine.emergency:
        lines.append((Cell(f" EMERGENCY {engine.emergency}", "live"),))
    return lines


def bots_table(
    bots: Sequence[BotSnapshot], history: Mapping[str, list[float]], width: int
) -> list[Line]:
    """One line a bot under a heading; more columns where there is room."""
    wide, middle = width >= _WIDE, width >= _MIDDLE
    heading = [left(" bot", 15, "muted"), left("state", 11, "muted"), left("symbol", 14, "muted")]
    heading += [right("price", 11, "muted"), right("today", 9, "muted")]
    if middle:
        heading += [right("total", 10, "muted"), right("open PnL", 10, "muted")]
    heading += [right("trips", 6, "muted"), right("orders", 7, "muted")]
    if middle:
        heading.append(left("  risk", 10, "muted"))
    if wide:
        heading += [left("strategy", 10, "muted"), left("venue", 8, "muted")]
        heading.append(left("  price trend", 30, "muted"))
    return [tuple(heading), *(_bot(bot, history, wide=wide, middle=middle) for bot in bots)]


def _bot(bot: BotSnapshot, history: Mapping[str, list[float]], *, wide: bool, middle: bool) -> Line:
    state, tone = _STATE_TONES[bot.state]
    today, today_tone = signed(bot.pnl_today)
    total, total_tone = signed(bot.equity - bot.capital)
    unrealized, unrealized_tone = signed(bot.unrealized_pnl)
    cells = [left(f" {bot.bot_id}", 15), left(state, 11, tone), left(bot.symbol or "several", 14)]
    cells += [right(price(bot.price), 11), right(today, 9, today_tone)]
    if middle:
        cells += [right(total, 10, total_tone), right(unrealized, 10, unrealized_tone)]
    cells += [right(str(bot.round_trips), 6), right(str(bot.open_orders), 7)]
    if middle:
        cells.append(left(f"  {bot.risk}", 10, _STEP_TONES.get(bot.risk, "loss")))
    if wide:
        cells += [left(bot.strategy, 10, "muted"), left(bot.exchange, 8, "muted")]
        cells.append(Cell("  " + sparkline(history.get(bot.bot_id, []), 28), "price"))
    return tuple(cells)


def ticker(events: Sequence[Event], height: int) -> list[Line]:
    """The newest events, newest at the bottom."""
    shown = [event for event in events[-4 * height :] if not isinstance(event, ev.PositionUpdate)]
    return [_event(event) for event in shown[-height:]]


def _event(event: Event) -> Line:
    words, tone = describe(event)
    return (
        Cell(f" {event.seq:>6} ", "muted"),
        left(event.bot_id or "engine", 14, "muted"),
        left(event_type(event), 18, tone),
        Cell(words),
    )


def describe(event: Event) -> tuple[str, str]:
    """An event in words, and its tone."""
    match event:
        case ev.OrderFilled():
            fill = event.fill
            verb = "bought" if fill.side.sign > 0 else "sold"
            words = f"{verb} {fill.quantity:f} {fill.symbol} at {fill.price:f}"
            return words, "buy" if fill.side.sign > 0 else "sell"
        case ev.OrderPlaced():
            at = "market" if event.price is None else f"{event.price:f}"
            return f"{event.side.value} {event.quantity:f} at {at}  {event.key}", "muted"
        case ev.OrderCancelled():
            return f"{event.key} {event.reason}", "muted"
        case ev.OrderRejected():
            return f"{event.key}: {event.reason}", "caution"
        case ev.GridRebalanced():
            return f"base {event.old_base:f} → {event.new_base:f}", "price"
        case ev.StopLossTriggered() | ev.TakeProfitTriggered():
            return f"{event.measured:.2f} % at {event.price:f}", "loss"
        case ev.RiskEscalated():
            return f"{event.step}: {event.action}", "loss"
        case ev.Error():
            return event.message, "loss"
        case ev.Warning():
            return event.message, "caution"
        case ev.Info():
            return event.message, "muted"
        case ev.Paused() | ev.Stopped():
            return event.reason, "caution"
        case ev.PositionUpdate():
            return f"{event.quantity:f} {event.symbol}", "muted"
        case _:
            return "", "muted"


def bot_figures(bot: BotSnapshot, detail: BotDetail | None, height: int) -> list[Line]:
    """Statistics, live orders and newest fills of one bot."""
    lines: list[Line] = [(Cell(f" {bot.bot_id}", "title"), Cell(f"  {bot.reason}", "caution"))]
    pairs = [
        ("equity", money(bot.equity)),
        ("realized", signed(bot.realized_pnl)[0]),
        ("open PnL", signed(bot.unrealized_pnl)[0]),
        ("fees", money(bot.fees)),
        ("position", price(bot.position)),
        ("average cost", price(bot.average_cost)),
        *((name.replace("_", " "), str(v)) for name, v in bot.statistics.items() if v is not None),
    ]
    for first, second in zip(pairs[::2], [*pairs[1::2], ("", "")], strict=False):
        lines.append(_pair(*first) + _pair(*second))
    if detail is not None:
        lines.append((Cell(" newest fills", "muted"),))
        for fill in list(detail.fills)[::-1][: max(3, height - len(lines))]:
            tone = "buy" if fill.side.sign > 0 else "sell"
            arrow = "▲ buy " if fill.side.sign > 0 else "▼ sell"
            lines.append(
                (
                    Cell(f" {arrow}", tone),
                    right(price(fill.price), 12),
                    right(f"{fill.quantity:f}", 12),
                    Cell(f"  {fill.key}", "muted"),
                )
            )
    return lines


def _pair(name: str, value: str) -> Line:
    return (left(f" {name}", 16, "muted"), left(value, 20))
