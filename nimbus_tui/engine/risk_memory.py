"""What the rules remember of a bot from turn to turn; the journal keeps it."""

import msgspec

from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.journal.base import Journal
from nimbus_tui.risk.equity_track import EquityTrack
from nimbus_tui.risk.escalation import Ladder
from nimbus_tui.risk.order_rate import OrderRate
from nimbus_tui.risk.streak import LosingStreak


class RiskMemory(msgspec.Struct, frozen=True, kw_only=True):
    """One bot's; times in ns."""

    ladder: Ladder
    track: EquityTrack | None = None
    """None before the books are open."""
    streak: LosingStreak = LosingStreak()
    cycles: int = 0
    """How many of the bot's closed cycles the streak has counted."""
    orders: OrderRate = OrderRate()
    opened: dict[Symbol, int] = msgspec.field(default_factory=dict)
    """When each open position left zero."""
    beyond: dict[Symbol, int] = msgspec.field(default_factory=dict)
    """Since when each mark is beyond its stop loss."""


def memory_fact(bot_id: BotId) -> str:
    """The journal's name for it."""
    return f"risk/{bot_id}"


def remembered(journal: Journal, bot_id: BotId) -> RiskMemory:
    """What the journal holds of a bot, or the first of its kind."""
    text = journal.fact(memory_fact(bot_id))
    if text is None:
        return RiskMemory(ladder=Ladder(scope=bot_id))
    return msgspec.json.decode(text, type=RiskMemory)


def ladder_fact(scope: str) -> str:
    """The journal's name for the ladder of an account or the engine."""
    return f"risk-ladder/{scope}"


def remembered_ladder(journal: Journal, scope: str) -> Ladder:
    """Where an account or the engine stood."""
    text = journal.fact(ladder_fact(scope))
    return Ladder(scope=scope) if text is None else msgspec.json.decode(text, type=Ladder)
