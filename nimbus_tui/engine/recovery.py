"""Getting in step with a venue, at the start and after every reconnect, always in this order.

Subscribe, read the open orders, read the fills since the cursor to the end, look up what has no
answer, absorb all of it, and only then plan.
"""

import asyncio
from typing import TYPE_CHECKING

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.events import Warning
from nimbus_tui.core.order import CancelRequest, Order, OrderReport, RefusalKind, Refused, Unknown
from nimbus_tui.engine.facts import CancelAnswered, OrderNotFound, OrderReported
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.orders import client_id

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine


async def account_name(exchange: Exchange) -> str:
    """What identifies the account at the venue, for the tag of our order ids."""
    return (await exchange.account_info()).account


async def recover(engine: "Engine", manager: OrderManager) -> None:
    """Bring the journal in step with one venue. The subscriptions must be there already."""
    exchange = manager.exchange
    await exchange.connect()
    reports = await exchange.open_orders()
    await manager.catch_up_fills()
    open_ids = set()
    for report in reports:
        open_ids.add(report.client_order_id)
        engine.inbox.put(OrderReported(manager.name, report))
        _report_orphan(engine, manager, report)
    for order in _live_in_journal(engine, manager):
        if order.client_order_id not in open_ids:
            await _look_up(engine, manager, order)
        elif order.cancel_requested:
            # Whether that cancel ever left nobody knows; a second one does no harm.
            lost = Unknown("its answer was lost")
            engine.inbox.put(CancelAnswered(order.bot_id, order.client_order_id, lost))
    await engine.read_accounts([exchange])
    engine.connected(exchange.name)


def _live_in_journal(engine: "Engine", manager: OrderManager) -> list[Order]:
    return [
        order
        for bot in engine.bots.values()
        if bot.orders is manager
        for order in bot.keeper.live.values()
    ]


async def _look_up(engine: "Engine", manager: OrderManager, order: Order) -> None:
    """An order that we think live and the venue doesn't list has ended, or never arrived."""
    report = await manager.exchange.order_status(order.client_order_id)
    if report is None:
        engine.inbox.put(OrderNotFound(order.bot_id, order.client_order_id))
    else:
        engine.inbox.put(OrderReported(manager.name, report))


def _report_orphan(engine: "Engine", manager: OrderManager, report: OrderReport) -> None:
    """An order with our tag that no bot knows is said, and otherwise left alone."""
    if not client_id.is_ours(manager.engine_tag, report.client_order_id):
        return
    if engine.bot_of(report.client_order_id) is None:
        engine.bus.publish(
            Warning(
                message=f"order {report.client_order_id} on {manager.name} ({report.side.value} "
                f"{report.quantity} {report.symbol} at {report.price}) is ours but belongs to no "
                "bot; cancel it at the venue or restore its bot"
            )
        )


async def cancel_everything(engine: "Engine") -> list[str]:
    """Cancel every order with our tag on every venue; returns what is left, in words."""
    left = await asyncio.gather(
        *(_cancel_all_on(manager) for manager in engine.order_managers.values())
    )
    return [line for lines in left for line in lines]


async def _cancel_all_on(manager: OrderManager) -> list[str]:
    try:
        reports = await manager.exchange.open_orders()
    except ExchangeError as error:
        return [f"{manager.name}: open orders can't be read ({error})"]
    ours = [r for r in reports if client_id.is_ours(manager.engine_tag, r.client_order_id)]
    left = []
    for report in ours:
        response = await manager.exchange.cancel_order(_cancel_of(report))
        gone = isinstance(response, Refused) and response.kind is RefusalKind.NOT_FOUND
        if isinstance(response, Refused) and not gone:
            left.append(f"{manager.name}: {report.client_order_id} ({response.reason})")
    return left


def _cancel_of(report: OrderReport) -> CancelRequest:
    return CancelRequest(
        client_order_id=report.client_order_id,
        symbol=report.symbol,
        exchange_order_id=report.exchange_order_id,
    )
