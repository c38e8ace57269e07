"""Which bots an engine hosts: each is taken up where the journal has it, and may be let go."""

from nimbus_tui.core.events import Error
from nimbus_tui.core.ids import BotId
from nimbus_tui.engine import continuity
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.engine.settings import BotSpec
from nimbus_tui.journal.base import BotRecord


def take_up_all(engine: LifeSide) -> None:
    """Host every bot that fits the journal, in the transaction that is open."""
    known = {record.bot_id: record for record in engine.journal.bots()}
    engine.refused = continuity.misfits(engine.journal, engine.specs)
    for bot_id, trouble in engine.refused.items():
        engine.bus.publish(Error(message=trouble, bot_id=bot_id))
    for spec in engine.specs.values():
        if spec.bot_id not in engine.refused:
            take_up(engine, spec, known.get(spec.bot_id))


def take_up(engine: LifeSide, spec: BotSpec, record: BotRecord | None) -> Bot:
    """Host one bot, in the transaction that is open; without a record it is created now."""
    fresh = record is None
    if record is None:
        record = _new_record(engine, spec)
    bot = _bot(engine, spec, record)
    bot.life.take_up(spec.config)
    if fresh:
        engine.journal.save_bot(record)
    engine.bots[spec.bot_id] = bot
    for symbol in spec.instruments:
        engine.watchers[spec.exchange, symbol].append(spec.bot_id)
    return bot


def let_go(engine: LifeSide, bot_id: BotId) -> None:
    """Host a bot no more; its record stays in the journal."""
    spec = engine.specs.pop(bot_id)
    bot = engine.bots.pop(bot_id, None)
    engine.refused.pop(bot_id, None)
    if bot is None:
        return
    markets = [(spec.exchange, symbol) for symbol in spec.instruments]
    for market in markets:
        engine.watchers[market].remove(bot_id)
    engine.wakes.forget(bot_id, markets)
    engine.risk_desk.let_go(bot)


def _new_record(engine: LifeSide, spec: BotSpec) -> BotRecord:
    return BotRecord(
        bot_id=spec.bot_id,
        incarnation=f"{engine.chance.getrandbits(128):032x}",
        strategy=spec.strategy_name,
        exchange=spec.exchange,
        symbols=tuple(spec.instruments),
        capital=spec.capital,
        created_ns=engine.clock.now(),
        config=spec.config,
    )


def _bot(engine: LifeSide, spec: BotSpec, record: BotRecord) -> Bot:
    bot = Bot(
        record=record,
        strategy=spec.strategy,
        instruments=spec.instruments,
        limits=spec.limits,
        close_on_stop=spec.close_on_stop,
        max_restarts=engine.settings.max_restarts,
        restart_window_s=engine.settings.restart_window_s,
        orders=engine.order_managers[spec.exchange],
        journal=engine.journal,
        bus=engine.bus,
        clock=engine.clock,
    )
    bot.leverage, bot.margin_mode = spec.leverage, spec.margin_mode
    bot.awaits_leverage = spec.leverage is not None
    bot.unowned = lambda: engine.accounts.unowned(spec.exchange, engine.bots)
    venue = engine.exchanges[spec.exchange]
    bot.ledger.fee_price = lambda asset, quote: engine.fee_prices.price(venue, asset, quote)
    bot.risk.above = lambda: engine.risk_desk.above(bot)
    bot.risk.ladder_above = lambda: engine.risk_desk.step_above(spec.exchange)
    bot.risk.streams = lambda: engine.streams.of(bot)
    bot.risk.mark_age_ms = lambda symbol: engine.risk_desk.mark_age_ms((spec.exchange, symbol))
    bot.risk.trip = engine.risk_desk.trip
    bot.risk.others = engine.settings.other_rules
    bot.standing.emergency = engine.emergency.latched
    bot.standing.policy = engine.stop_policy(spec)
    return bot
