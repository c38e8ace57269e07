"""The event ticker: what happened, newest first, bursts drawn together."""

from collections.abc import Sequence
from itertools import groupby

from nimbus_tui.core import events as ev
from nimbus_tui.core.codec import plain
from nimbus_tui.core.events import Event, event_type
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Side
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, clock, left, number, trimmed
from nimbus_tui.tui.viewmodels.risk_rules import rule_of

_NOISE = (ev.PriceUpdate, ev.PositionUpdate, ev.BalanceUpdate)
_ENGINE = "engine"
_WHO = 14
"""Room for the name of a bot."""
_BURSTS = (ev.OrderPlaced, ev.OrderCancelled)


def is_told(event: Event) -> bool:
    """Whether an event says more than that a figure has followed another event."""
    return not isinstance(event, _NOISE)


def happenings(events: Sequence[Event], limit: int, bot_id: BotId | None = None) -> list[Line]:
    """The newest events first; of one bot, if one is named."""
    told = [
        event for event in events if is_told(event) and (bot_id is None or event.bot_id == bot_id)
    ]
    lines: list[Line] = []
    names = {event.bot_id or _ENGINE for event in told[-4 * limit :]}
    who = min(_WHO, max((len(name) for name in names), default=0)) if bot_id is None else 0
    for _, burst in groupby(reversed(told), key=_burst):
        lines.append(_line(list(burst), who))
        if len(lines) >= limit:
            break
    return lines


def _burst(event: Event) -> tuple[str | None, str, int]:
    """Equal for events that share a line: orders of one bot that go or come one after another."""
    alone = 0 if isinstance(event, _BURSTS) else event.seq
    return event.bot_id, event_type(event), alone


def _line(burst: list[Event], who: int) -> Line:
    newest = burst[0]
    told = describe(newest) if len(burst) == 1 else _together(burst)
    name = (left(newest.bot_id or _ENGINE, who, "muted"), Cell(" ")) if who else ()
    return (Cell(f" {clock(newest.ts)} ", "muted"), *name, Cell(clean(told.text), told.tone))


def _together(burst: list[Event]) -> Cell:
    if isinstance(burst[0], ev.OrderCancelled):
        return Cell(f"✗ {len(burst)} orders cancelled", "muted")
    prices = [event.price for event in burst if isinstance(event, ev.OrderPlaced) and event.price]
    span = f" {plain(min(prices))} … {plain(max(prices))}" if prices else ""
    return Cell(f"● {len(burst)} orders placed{span}", "muted")


def describe(event: Event) -> Cell:
    """An event in words, with a sign in front, in its tone."""
    return _of_orders(event) or _of_trouble(event) or _of_life(event)


def _of_orders(event: Event) -> Cell | None:
    match event:
        case ev.OrderFilled(fill=fill):
            is_buy = fill.side is Side.BUY
            verb = "▲ bought" if is_buy else "▼ sold"
            base = fill.symbol.partition("/")[0]
            words = f"{verb} {plain(fill.quantity)} {base} at {plain(fill.price)}"
            return Cell(words, "buy" if is_buy else "sell")
        case ev.OrderPlaced():
            at = "market" if event.price is None else plain(event.price)
            return Cell(f"● {event.side.value} {plain(event.quantity)} at {at}", "muted")
        case ev.OrderCancelled():
            return Cell(_tail(f"✗ cancelled {event.key}", event.reason), "muted")
        case ev.OrderRejected():
            return Cell(_tail(f"✗ rejected {event.key}", event.reason), "loss")
        case ev.GridRebalanced():
            return Cell(f"→ grid moved {plain(event.old_base)} → {plain(event.new_base)}", "price")
        case ev.DcaOrderExecuted() | ev.MartingaleTriggered():
            words = f"● {plain(event.quantity)} at {plain(event.price)}"
            return Cell(f"{words}, average cost {number(event.average_cost)}", "price")
        case ev.PortfolioRebalanced():
            return Cell(f"→ rebalanced with {event.orders} orders", "price")
        case _:
            return None


def _of_trouble(event: Event) -> Cell | None:
    match event:
        case ev.StopLossTriggered():
            return Cell(f"▲ STOP LOSS at {plain(event.price)}: position closed", "loss")
        case ev.TakeProfitTriggered():
            return Cell(f"● take profit at {plain(event.price)}: position closed", "gain")
        case ev.PositionLimitWarning():
            words = f"{trimmed(event.measured)} of {trimmed(event.limit)}"
            return Cell(f"▲ position near its limit: {words}", "warning")
        case ev.CircuitBreakerActivated():
            return Cell(f"▲ circuit breaker after {event.losses} losses", "loss")
        case ev.RiskEscalated():
            return Cell(
                _tail(f"▲ {event.step} by {rule_of(event.rule).label}", event.action), "loss"
            )
        case ev.RiskCleared():
            return Cell(f"▼ back to {event.step} ({rule_of(event.rule).label})", "gain")
        case ev.Error():
            return Cell(f"✗ {event.message}", "loss")
        case ev.Warning():
            return Cell(f"▲ {event.message}", "warning")
        case ev.Disconnected():
            return Cell(_tail(f"✗ {event.exchange} disconnected", event.reason), "loss")
        case _:
            return None


def _of_life(event: Event) -> Cell:
    match event:
        case ev.Connected():
            return Cell(f"● {event.exchange} connected", "gain")
        case ev.Initialized():
            return Cell("◌ set up", "muted")
        case ev.Started():
            return Cell("● started", "gain")
        case ev.Resumed():
            return Cell("● resumed", "gain")
        case ev.Paused():
            return Cell(_tail("‖ paused", event.reason), "warning")
        case ev.Stopped():
            return Cell(_tail("○ stopped", event.reason), "warning")
        case ev.ConfigChanged():
            return Cell(f"→ config changed: {', '.join(event.keys)}", "price")
        case ev.Info():
            return Cell(f"· {event.message}", "muted")
        case _:
            return Cell(f"· {event_type(event)}", "muted")


def _tail(words: str, reason: str) -> str:
    return f"{words}: {reason}" if reason else words
