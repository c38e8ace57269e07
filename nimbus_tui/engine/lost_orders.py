"""Orders that were sent and then lost from the journal by a power cut: found again by their ids.

An id is derived from bot, key and generation. So the keys that a bot wishes for, those of its live
orders, and those that it may have used since its state was saved, tell of each order or fill with
our tag that nobody knows whose it is and why it exists.
"""

from collections.abc import Container, Iterator, Mapping

from nimbus_tui.core.events import Warning
from nimbus_tui.core.ids import ClientOrderId, OrderKey, Symbol
from nimbus_tui.core.order import MOST_TRIES_LOST, Order, OrderReport, OrderState
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.facts import OrderReported
from nimbus_tui.engine.look_ups import Sought
from nimbus_tui.engine.order_manager import OrderManager, sought_of
from nimbus_tui.engine.venue_side import VenueSide
from nimbus_tui.orders import client_id


async def find_again(
    engine: VenueSide, manager: OrderManager, strays: Mapping[ClientOrderId, OrderReport]
) -> bool:
    """Give orders and fills that no bot knows back to the bots that sent them.

    Returns whether there was any: what else nobody knows may belong to what follows from it.
    """
    unclaimed = {
        fill.client_order_id: fill.symbol
        for fill in engine.journal.unclaimed_fills()
        if fill.exchange == manager.name
    }
    manager.unclaimed, manager.strays = set(unclaimed), dict(strays)
    unknown: dict[ClientOrderId, Symbol] = {
        **unclaimed,
        **{identity: report.symbol for identity, report in strays.items()},
    }
    if not unknown:
        return False
    found_any = False
    for bot in engine.bots.values():
        if bot.orders is not manager or not bot.saved.opened:
            continue  # a bot that has never traded has lost nothing but what it asks for first
        for key, generation, identity in list(_recognised(engine, bot, unknown)):
            report = strays.get(identity)
            if report is None:
                sought = Sought(bot.bot_id, identity, unknown[identity], 0)
                found = await manager.look_ups.find(sought)
                report = found if isinstance(found, OrderReport) else None
            if report is not None and await _is_free(engine, bot, key):
                is_known = engine.journal.last_order(bot.bot_id, key) is not None
                recalls = not is_known and key not in _wished(bot)
                is_new = take_over(engine, bot, report, key, generation, recalls=recalls)
                found_any = is_new or found_any
    return found_any


async def _is_free(engine: VenueSide, bot: Bot, key: OrderKey) -> bool:
    """Whether no order under a key lives, as far as the venue tells.

    A later try was only made because the one before had ended; the journal may have lost that too.
    """
    earlier = bot.keeper.live.get(key)
    if earlier is None:
        return True
    ended = await bot.orders.look_ups.find(sought_of(earlier))
    if isinstance(ended, OrderReport):
        engine.inbox.put(OrderReported(bot.orders.name, ended))
        engine.process()
    return key not in bot.keeper.live


def _wished(bot: Bot) -> list[OrderKey]:
    """What its strategy has asked for: a pause may keep it from asking the venue."""
    return [wish.key for wish in bot.plan.orders if wish.key not in bot.keeper.live]


def _recognised(
    engine: VenueSide, bot: Bot, unknown: Container[ClientOrderId]
) -> Iterator[tuple[OrderKey, int, ClientOrderId]]:
    tag, incarnation = bot.orders.engine_tag, bot.record.incarnation
    keys = (*_wished(bot), *bot.life.keys_at_start, *bot.life.likely_keys)
    for key in dict.fromkeys(keys):
        last = engine.journal.last_order(bot.bot_id, key)
        first = 0 if last is None else last.generation
        for generation in range(first, first + MOST_TRIES_LOST):
            identity = client_id.client_order_id(tag, bot.bot_id, incarnation, key, generation)
            if identity in unknown:
                yield key, generation, identity


def take_over(
    engine: VenueSide,
    bot: Bot,
    report: OrderReport,
    key: OrderKey,
    generation: int = 0,
    *,
    recalls: bool = False,
) -> bool:
    """Write an order down as a bot's, on the venue's terms; its report follows as a fact.

    Returns whether it is new. While the venue was asked for it, its bot may have asked for it too,
    and one that was given up may have filled: then only the report follows.
    """
    if engine.bot_of(report.client_order_id) is not None:
        _pass_on(engine, bot, report)
        return False
    if key in bot.keeper.live:
        engine.tell(Warning(message=f"{bot.bot_id} has another live order under {key}"))
        return False
    order = Order(
        bot_id=bot.bot_id,
        key=key,
        generation=generation,
        client_order_id=report.client_order_id,
        symbol=report.symbol,
        side=report.side,
        quantity=report.quantity,
        type=report.type,
        price=report.price,
        reduce_only=report.reduce_only,
        state=OrderState.UNKNOWN,
        adopted=True,
        created_ns=report.ts,
        updated_ns=report.ts,
    )
    with engine.journal.transaction():
        engine.journal.save_order(order)
        if recalls:
            # Together: the next life finds the order in the journal and recalls nothing.
            bot.life.recall(key)
            bot.save()
    bot.keeper.live.put(order)
    _pass_on(engine, bot, report)
    return True


def _pass_on(engine: VenueSide, bot: Bot, report: OrderReport) -> None:
    """Let a report come in, and with it the fills that have waited for it."""
    bot.orders.unconfirmed.add(report.client_order_id)
    engine.inbox.put(OrderReported(bot.orders.name, report))
