"""Takes up a venue that the engine did not know at its start."""

import asyncio

from nimbus_tui.engine import recovery
from nimbus_tui.engine.life_side import LifeSide
from nimbus_tui.engine.start_up import identify
from nimbus_tui.engine.subscriptions import subscribe
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.exchanges.base import Exchange


async def join_venue(engine: LifeSide, exchange: Exchange) -> None:
    """Know whose account it is, then get in step with it beside everything else.

    Its bots wait until that is done, as they do at a start.
    """
    name = exchange.name
    engine.exchanges[name] = exchange
    engine.risk_desk.join(name)
    engine.subscriptions += subscribe(engine.inbox, {name: exchange}, (), engine.link_changed)
    await identify(engine, exchange)
    manager = engine.order_managers[name]
    with engine.journal.transaction():
        engine.journal.save_fact(recovery.account_fact(name), manager.account)
    synchroniser = engine.synchronisers[name] = Synchroniser(engine, manager)
    first = asyncio.ensure_future(synchroniser.first())
    engine.background.keep(first)
    engine.background.begin(synchroniser.run(first))
    engine.background.begin(engine.accounts.keep_reading(exchange))
