"""What becomes of each bot under another config: told before it is done, and the same when done."""

from collections.abc import Sequence

import msgspec

from nimbus_tui.control.config_change import BotChange, BotChangeKind
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.engine import continuity
from nimbus_tui.engine.config_source import Draft
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.engine.rehearsal import rehearse
from nimbus_tui.engine.settings import BotSpec
from nimbus_tui.journal.base import BotRecord

_LATER = {
    "leverage": "leverage counts from the next start",
    "margin": "margin counts from the next start",
    "capital": "capital is what the bot began with; another one counts for a new bot only",
    "instruments": "the grain and fees of its instrument count from the next start",
}
"""Keys of a bot that a running one can't follow, and when they count."""


def judged(engine: LifeSide, draft: Draft) -> tuple[BotChange, ...]:
    """What becomes of every bot, those that go last; orders are told by `with_orders`."""
    wanted = {spec.bot_id for spec in draft.specs}
    gone = [bot_id for bot_id in engine.specs if bot_id not in wanted]
    records: dict[BotId, BotRecord] = {}
    if gone or any(bot_id not in engine.bots for bot_id in wanted):
        records = {record.bot_id: record for record in engine.journal.bots()}
    return (
        *(_judged(engine, spec, draft, records.get(spec.bot_id)) for spec in draft.specs),
        *(_removed(engine, bot_id, records.get(bot_id)) for bot_id in gone),
    )


def refusal_of(found: Sequence[BotChange]) -> str:
    """Why the whole of it can't be; empty where it can."""
    return "; ".join(one.message for one in found if one.kind is BotChangeKind.REFUSED)


def _judged(engine: LifeSide, spec: BotSpec, draft: Draft, record: BotRecord | None) -> BotChange:
    bot = engine.bots.get(spec.bot_id)
    if bot is None:
        return _new(engine, spec, draft, record)
    keys = draft.keys.get(spec.bot_id, ())
    if trouble := continuity.changed(bot.record, spec):
        return _told(spec.bot_id, BotChangeKind.REFUSED, trouble, keys)
    if not keys:
        return _told(spec.bot_id, BotChangeKind.UNCHANGED)
    notes = [_LATER[key] for key in keys if key in _LATER]
    kind = BotChangeKind.NEXT_START if len(notes) == len(keys) else BotChangeKind.HOT
    return _told(spec.bot_id, kind, f"{spec.bot_id}: {_joined(notes)}" if notes else "", keys)


def _new(engine: LifeSide, spec: BotSpec, draft: Draft, record: BotRecord | None) -> BotChange:
    """A bot that isn't hosted now: it is new, comes back, or could not be taken up so far."""
    bot_id = spec.bot_id
    trouble = "" if record is None else continuity.changed(record, spec)
    if trouble and bot_id in engine.refused:
        return _told(bot_id, BotChangeKind.UNCHANGED, trouble)
    if trouble:
        return _told(bot_id, BotChangeKind.REFUSED, trouble)
    is_hosted = spec.exchange in engine.order_managers
    if not is_hosted and spec.exchange not in draft.can_join:
        return _told(
            bot_id,
            BotChangeKind.NEXT_START,
            f"{bot_id} starts with the engine's next start: {spec.exchange} is not connected now",
        )
    for symbol in spec.instruments if is_hosted else ():
        if why := _not_tradable(engine, spec, symbol):
            return _told(bot_id, BotChangeKind.NEXT_START, f"{bot_id} starts later: {why}")
    money = {
        Mode.PAPER: "on paper",
        Mode.TESTNET: "with play money of the testnet",
        Mode.LIVE: "WITH REAL MONEY",
    }[spec.mode]
    words = f"{bot_id} starts at once on {spec.exchange}, {money}"
    if record is not None and record.state != "running":
        words = f"{bot_id} comes back to {spec.exchange} as it was left: {record.state}"
    return _told(bot_id, BotChangeKind.ADDED, words)


def _not_tradable(engine: LifeSide, spec: BotSpec, symbol: Symbol) -> str:
    """Why a symbol can't be traded on a venue that is connected; empty where it can."""
    return engine.markets.obstacle(spec.exchange, spec.instruments[symbol])


def with_orders(engine: LifeSide, change: BotChange, spec: BotSpec) -> BotChange:
    """A bot that goes on at once, with the orders that this cancels and places."""
    bot = engine.bots.get(spec.bot_id)
    if bot is None or change.kind is not BotChangeKind.HOT:
        return change
    rehearsed = rehearse(bot, spec, engine.clock.now())
    if rehearsed.fails:
        told = f"{spec.bot_id}: its strategy fails to take it over: {rehearsed.fails}"
        return _told(spec.bot_id, BotChangeKind.REFUSED, told, change.keys)
    words = [rehearsed.waits or _orders(len(rehearsed.cancels), len(rehearsed.places))]
    if rehearsed.later:
        words.append(f"{rehearsed.later} more follow as the order rate allows")
    if bot.standing.is_stopped:
        words = ["it is stopped, and begins with this when it is started"]
    if rehearsed.stops:
        words = [f"THE NEW LIMITS STOP IT AT ONCE, {rehearsed.stops}", *words]
    if rehearsed.pauses:
        words = [f"the new limits pause it, {rehearsed.pauses}", *words]
    words += [_LATER[key] for key in change.keys if key in _LATER]
    return msgspec.structs.replace(
        change,
        message=f"{spec.bot_id}: {_joined(words)}",
        cancels=rehearsed.cancels,
        places=rehearsed.places,
    )


def _removed(engine: LifeSide, bot_id: BotId, record: BotRecord | None) -> BotChange:
    """A bot whose table is gone: nothing of it may be left behind."""
    bot = engine.bots.get(bot_id)
    held = "" if record is None else continuity.held_by(engine.journal, record)
    if held:
        return _told(
            bot_id,
            BotChangeKind.REFUSED,
            f"{bot_id} can't be taken out: it still has {held}. Flatten it (x), or stop it (s) and "
            f"close the position yourself, and then take it out; or put [bots.{bot_id}] back",
        )
    if bot is not None and not bot.standing.is_stopped:
        state = bot.standing.state.value
        return _told(
            bot_id,
            BotChangeKind.REFUSED,
            f"{bot_id} can't be taken out while it is {state}: stop it (s) first, "
            f"or put [bots.{bot_id}] back",
        )
    return _told(bot_id, BotChangeKind.REMOVED, f"{bot_id} is hosted no more; its past is kept")


def _told(
    bot_id: BotId, kind: BotChangeKind, message: str = "", keys: tuple[str, ...] = ()
) -> BotChange:
    return BotChange(bot_id=bot_id, kind=kind, message=message, keys=keys)


def _orders(cancels: int, places: int) -> str:
    if not (cancels or places):
        return "its orders stay as they are"
    told = {True: "1 order is", False: f"{cancels} orders are"}[cancels == 1]
    return f"{told} cancelled, {places} placed"


def _joined(words: Sequence[str]) -> str:
    return "; ".join(words)
