"""Whether the config still fits what the journal remembers of its bots."""

from collections.abc import Mapping

from nimbus_tui.core.ids import BotId
from nimbus_tui.engine.settings import BotSpec
from nimbus_tui.engine.standing import Saved
from nimbus_tui.journal.base import BotRecord, Journal


def misfits(journal: Journal, specs: Mapping[BotId, BotSpec]) -> dict[BotId, str]:
    """Bots that can't be taken up as the config has them, each with what can be done about it."""
    found = {}
    for record in journal.bots():
        spec = specs.get(record.bot_id)
        trouble = _missing(journal, record) if spec is None else changed(record, spec)
        if trouble:
            found[record.bot_id] = trouble
    return found


def _missing(journal: Journal, record: BotRecord) -> str:
    held = held_by(journal, record)
    if not held:
        return ""
    return (
        f"{record.bot_id} is no longer in the config and still has {held}: nothing looks after it; "
        f"put [bots.{record.bot_id}] back, and flatten it before you take it out"
    )


def changed(record: BotRecord, spec: BotSpec) -> str:
    """Why a bot's record and its config can't be of one bot; empty where they can."""
    was = (record.strategy, record.exchange, " ".join(record.symbols))
    now = (spec.strategy_name, spec.exchange, " ".join(spec.instruments))
    names = ("strategy", "exchange", "symbol")
    changes = [
        f"{name} {old} is now {new}"
        for name, old, new in zip(names, was, now, strict=True)
        if old != new
    ]
    if not changes:
        return ""
    return (
        f"{record.bot_id} is refused: its {', its '.join(changes)}; put the old value back, "
        "or give the changed bot a name of its own (flatten the old one first)"
    )


def held_by(journal: Journal, record: BotRecord) -> str:
    """What a bot still has at its venue, in words; empty where that is nothing."""
    positions = Saved.of(record).books.positions
    live = len(journal.live_orders(record.bot_id))
    orders = [f"{live} live order{'' if live == 1 else 's'}"] if live else []
    held = [f"{one.quantity:f} of {symbol}" for symbol, one in positions.items() if one.quantity]
    return " and ".join([*orders, *held])
