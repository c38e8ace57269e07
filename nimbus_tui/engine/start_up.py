"""How an engine begins: its accounts named, its bots taken up, in step with every venue."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import Disconnected, Error, Event, Info, Started
from nimbus_tui.core.version import __version__
from nimbus_tui.engine import continuity, recovery
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.dead_man_switch import switches_of
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.engine.settings import BotSpec
from nimbus_tui.engine.subscriptions import subscribe
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.journal.base import BotRecord
from nimbus_tui.orders import client_id

FIRST_STEPS_S = 10.0
"""How long the start waits for the venues before it goes on with those that have answered."""


async def start_up(engine: LifeSide) -> None:
    """Take up every bot, get in step with every venue, and begin to trade."""
    # A venue may tell its first price as soon as it is connected; it waits in the inbox.
    markets = dict.fromkeys(
        (s.exchange, sym) for s in engine.specs.values() for sym in s.instruments
    )
    engine.subscriptions = subscribe(engine.inbox, engine.exchanges, markets, engine.link_changed)
    # What rests at a venue that answers need not wait for one that does not.
    engine.emergency.watch_again()
    await asyncio.gather(*(_identify(engine, one) for one in engine.exchanges.values()))
    known = {one.name: engine.order_managers[one.name] for one in engine.exchanges.values()}
    engine.order_managers.clear()
    engine.order_managers.update(known)  # in the config's order, whoever answered first
    try:
        await _begin_to_trade(engine)
    except JournalError as error:
        _start_without_journal(engine, error)


async def _identify(engine: LifeSide, exchange: Exchange) -> None:
    """Learn who we are at a venue, and with it which orders there are ours.

    Once learnt it is remembered: a venue that can't be reached holds nobody up at a restart. The
    synchroniser asks again before it lets any bot trade there.
    """
    account = engine.journal.fact(recovery.account_fact(exchange.name))
    if account is None:
        account = await recovery.account_name(
            exchange,
            engine.clock,
            lambda reason: _tell_now(engine, Disconnected(exchange=exchange.name, reason=reason)),
        )
    manager = OrderManager(
        exchange,
        engine.journal,
        engine.clock,
        engine.inbox.put,
        client_id.tag(account, engine.settings.name),
        account=account,
    )
    manager.on_journal_lost = engine.emergency.journal_lost
    manager.lets_leave = engine.emergency.lets_leave
    engine.order_managers[exchange.name] = manager


def _tell_now(engine: LifeSide, event: Event) -> None:
    """Before the first turn nobody else writes and dispatches events."""
    with suppress(JournalError):  # it will be met again, by somebody who can act on it
        with engine.journal.transaction():
            engine.bus.publish(event)
            engine.bus.write()
        engine.bus.dispatch()


def _start_without_journal(engine: LifeSide, error: JournalError) -> None:
    """Nothing can be traded without a memory, but what rests at the venues must go."""
    engine.emergency.journal_lost(error)
    engine.ready.set()
    if not engine.synchronisers:
        for exchange in engine.exchanges.values():
            engine.background.begin(recovery.connected(exchange, engine.clock))


async def _begin_to_trade(engine: LifeSide) -> None:
    if engine.lost_journal is not None:
        raise engine.lost_journal
    with engine.journal.transaction():
        for name, manager in engine.order_managers.items():
            engine.journal.save_fact(recovery.account_fact(name), manager.account)
        _take_up_bots(engine)
        engine.bus.publish(Info(message=f"nimbus-tui {__version__} starts"))
        engine.bus.write()
    # A bot whose creation is forgotten would get another incarnation, and its orders new ids.
    engine.journal.make_durable()
    engine.ready.set()
    engine.synchronisers = {
        name: Synchroniser(engine, manager) for name, manager in engine.order_managers.items()
    }
    engine.switches = switches_of(
        engine,
        tuple(engine.order_managers.values()),
        lambda: engine.state in ("running", "emergency"),
    )
    await _first_steps(engine)
    engine.state = "emergency" if engine.emergency.latched else "running"
    for bot in engine.bots.values():
        engine.inbox.put(BotDue(bot.bot_id, replan=True))
    engine.bus.publish(Started())
    engine.process()
    engine.emergency.watch_again()


async def _first_steps(engine: LifeSide) -> None:
    engine.first_steps = [
        asyncio.ensure_future(one.first()) for one in engine.synchronisers.values()
    ]
    engine.background.keep(*engine.first_steps)
    everybody = asyncio.ensure_future(_all_of(engine.first_steps))
    patience = asyncio.ensure_future(engine.clock.sleep(FIRST_STEPS_S))
    try:
        await asyncio.wait({everybody, patience}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        patience.cancel()
    if everybody.done():
        everybody.result()
    else:
        engine.background.keep(everybody)


async def _all_of(tasks: Sequence[asyncio.Future[None]]) -> None:
    await asyncio.gather(*tasks)


# the bots


def _take_up_bots(engine: LifeSide) -> None:
    known = {record.bot_id: record for record in engine.journal.bots()}
    engine.refused = continuity.misfits(engine.journal, engine.specs)
    for bot_id, trouble in engine.refused.items():
        engine.bus.publish(Error(message=trouble, bot_id=bot_id))
    for spec in engine.specs.values():
        if spec.bot_id in engine.refused:
            continue
        record = known.get(spec.bot_id)
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
