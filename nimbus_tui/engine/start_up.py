"""How an engine begins: its accounts named, its bots taken up, in step with every venue."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import Disconnected, Event, Info, Started
from nimbus_tui.core.version import __version__
from nimbus_tui.engine import recovery
from nimbus_tui.engine.dead_man_switch import switches_of
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.engine.subscriptions import subscribe
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.engine.taking_up import take_up_all
from nimbus_tui.exchanges.base import Exchange
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
    engine.markets.heard(markets)
    # What rests at a venue that answers need not wait for one that does not.
    engine.emergency.watch_again()
    await asyncio.gather(*(identify(engine, one) for one in engine.exchanges.values()))
    known = {one.name: engine.order_managers[one.name] for one in engine.exchanges.values()}
    engine.order_managers.clear()
    engine.order_managers.update(known)  # in the config's order, whoever answered first
    try:
        await _begin_to_trade(engine)
    except JournalError as error:
        _start_without_journal(engine, error)


async def identify(engine: LifeSide, exchange: Exchange) -> None:
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
        take_up_all(engine)
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
