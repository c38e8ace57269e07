"""Lets a running engine follow another config: bots go on, come and go, limits change."""

from collections.abc import Sequence

import msgspec

from nimbus_tui.control.config_change import BotChange, BotChangeKind
from nimbus_tui.core.events import ConfigChanged
from nimbus_tui.core.ids import BotId
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.config_source import Draft
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.engine.taking_up import let_go, take_up
from nimbus_tui.journal.base import BotRecord
from nimbus_tui.risk.gate import VenueSync


def follow(engine: LifeSide, draft: Draft, found: Sequence[BotChange]) -> None:
    """Do what was found, in the transaction that is open; the turns that come place the orders."""
    specs = {spec.bot_id: spec for spec in draft.specs}
    records: dict[BotId, BotRecord] = {}
    if any(change.kind is BotChangeKind.ADDED for change in found):
        records = {record.bot_id: record for record in engine.journal.bots()}
    if draft.settings is not None:
        engine.settings = _with_limits_of(engine.settings, draft.settings)
    for change in found:
        match change.kind:
            case BotChangeKind.HOT:
                _go_on(engine, engine.bots[change.bot_id], specs[change.bot_id], change)
            case BotChangeKind.ADDED:
                _host(engine, specs[change.bot_id], records.get(change.bot_id))
            case BotChangeKind.REMOVED:
                let_go(engine, change.bot_id)
                engine.revisions.bot_gone()
            case _:
                pass
    for bot in engine.bots.values():
        bot.standing.policy = engine.stop_policy(engine.specs[bot.bot_id])
    engine.risk_desk.limits_changed()


def _with_limits_of(old: EngineSettings, new: EngineSettings) -> EngineSettings:
    """The settings with what a running engine can take over."""
    return msgspec.structs.replace(
        old,
        shutdown_timeout_s=new.shutdown_timeout_s,
        cancel_on_shutdown=new.cancel_on_shutdown,
        close_in_emergency=new.close_in_emergency,
        orphans=new.orphans,
        history_days=new.history_days,
        limits=new.limits,
        account_limits=new.account_limits,
    )


def _go_on(engine: LifeSide, bot: Bot, spec: BotSpec, change: BotChange) -> None:
    """A bot goes on with what it holds."""
    bot.limits = spec.limits
    bot.standing.limits_changed()
    if spec.config != bot.record.config:
        bot.life.change_config(spec.strategy.config, spec.config)
    else:
        bot.publish(ConfigChanged(keys=change.keys))
    engine.specs[spec.bot_id] = _around(engine.specs[spec.bot_id], spec)
    bot.save()
    engine.inbox.put(BotDue(spec.bot_id, replan=True))


def _around(old: BotSpec, new: BotSpec) -> BotSpec:
    """The new spec with the strategy that lives, without what counts from the next start only."""
    return msgspec.structs.replace(
        new,
        strategy=old.strategy,
        instruments=old.instruments,
        leverage=old.leverage,
        margin_mode=old.margin_mode,
        capital=old.capital,
    )


def _host(engine: LifeSide, spec: BotSpec, record: BotRecord | None) -> None:
    """A bot begins, or goes on where the journal has it."""
    engine.specs[spec.bot_id] = spec
    engine.refused.pop(spec.bot_id, None)
    for instrument in spec.instruments.values():
        engine.markets.join(spec.exchange, instrument)
    bot = take_up(engine, spec, record)
    synchroniser = engine.synchronisers[spec.exchange]
    if record is None and synchroniser.in_step:
        bot.sync = VenueSync.NOW  # no order of it can be anywhere yet
    for symbol in spec.instruments:
        quote = engine.prices.get((spec.exchange, symbol))
        if quote is not None:
            bot.prices[symbol] = quote
    synchroniser.compare_soon()
    engine.inbox.put(BotDue(spec.bot_id, replan=True))
