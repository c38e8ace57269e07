"""Which bots the dashboard shows, and in which order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.viewmodels.table import Sort
from nimbus_tui.tui.viewmodels.table_filter import matches, parsed
from nimbus_tui.tui.viewmodels.words import market_name

_STEPS = {step.label: step for step in RiskStep}
FIELDS = ("bot", "state", "strategy", "venue", "symbol", "risk", "mode")
"""What the filter can ask for by name."""
_ORDERS: Mapping[str, Callable[[BotSnapshot], Any]] = {
    "bot": lambda b: b.bot_id,
    "state": lambda b: b.state.value,
    "risk": lambda b: -_STEPS.get(b.risk, RiskStep.NORMAL),
    "strategy": lambda b: b.strategy,
    "venue": lambda b: b.exchange,
    "symbol": market_name,
    "price": lambda b: b.price,
    "trend": lambda b: None,
    "today": lambda b: b.pnl_today,
    "total": lambda b: b.equity - b.capital,
    "unrealised": lambda b: b.unrealized_pnl,
    "position": lambda b: b.position,
    "trips": lambda b: b.round_trips,
    "orders": lambda b: b.open_orders,
}


def arranged(bots: Sequence[BotSnapshot], text: str, sort: Sort | None) -> tuple[BotId, ...]:
    """The names of the bots that a filter lets through, by a column of the table."""
    terms = parsed(text, FIELDS)
    found = [bot for bot in bots if not terms or matches(terms, _facets(bot), _words(bot))]
    if sort is not None:
        order = _ORDERS[sort.column]
        known = [bot for bot in found if order(bot) is not None]
        rest = [bot for bot in found if order(bot) is None]
        found = [*sorted(known, key=order, reverse=sort.is_descending), *rest]
    return tuple(bot.bot_id for bot in found)


def _facets(bot: BotSnapshot) -> Mapping[str, str]:
    return {
        "bot": bot.bot_id, "state": bot.state.value, "strategy": bot.strategy,
        "venue": bot.exchange, "symbol": " ".join(bot.symbols or (bot.symbol or "",)),
        "risk": bot.risk, "mode": bot.mode.value,
    }  # fmt: skip


def _words(bot: BotSnapshot) -> str:
    return " ".join((*_facets(bot).values(), bot.reason))
