"""Getting in step with a venue, at the start and after every reconnect, always in this order.

Subscribe, read the open orders, read the fills and the funding since the cursors to the end, look
up what has no answer, absorb all of it, and only then plan.
"""

import asyncio
from collections.abc import Set
from typing import TYPE_CHECKING

from nimbus_tui.core.events import Warning
from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.order import CancelRequest, NotFound, Order, OrderReport, RefusalKind, Refused
from nimbus_tui.engine.facts import OrderNotFound, OrderReported
from nimbus_tui.engine.order_manager import OrderManager, describe
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.orders import client_id

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine

CANCELS_AT_ONCE = 20
"""How many cancels are under way at one venue when everything is cancelled."""


async def account_name(exchange: Exchange) -> str:
    """What identifies the account at the venue, for the tag of our order ids."""
    return (await exchange.account_info()).account


async def recover(engine: "Engine", manager: OrderManager) -> None:
    """Bring the journal in step with one venue. The subscriptions must be there already."""
    exchange = manager.exchange
    await exchange.connect()
    reports = await exchange.open_orders()
    await manager.catch_up_fills()
    await manager.catch_up_funding()
    open_ids = set()
    for report in reports:
        open_ids.add(report.client_order_id)
        engine.inbox.put(OrderReported(manager.name, report))
        _report_orphan(engine, manager, report)
    for order in _live_in_journal(engine, manager):
        if order.client_order_id not in open_ids:
            await _look_up(engine, manager, order)
    await engine.accounts.read([exchange])
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
    match await manager.exchange.order_status(order.client_order_id, order.symbol):
        case NotFound():
            engine.inbox.put(OrderNotFound(order.bot_id, order.client_order_id))
        case report:
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
        *(cancel_all_on(manager) for manager in engine.order_managers.values()),
        return_exceptions=True,
    )
    return [
        line
        for lines in left
        for line in ([describe(lines)] if isinstance(lines, BaseException) else lines)
    ]


async def ours_on(manager: OrderManager) -> list[OrderReport]:
    """What a venue lists as live and ours."""
    reports = await manager.exchange.open_orders()
    return [r for r in reports if client_id.is_ours(manager.engine_tag, r.client_order_id)]


async def cancel_all_on(
    manager: OrderManager, *, but: Set[ClientOrderId] = frozenset()
) -> list[str]:
    """Cancel every order of ours on one venue, some at a time; returns what is left, in words."""
    ours = [report for report in await ours_on(manager) if report.client_order_id not in but]
    left: list[str] = []
    for start in range(0, len(ours), CANCELS_AT_ONCE):
        batch = ours[start : start + CANCELS_AT_ONCE]
        left += await asyncio.gather(*(_cancelled(manager, report) for report in batch))
    return [line for line in left if line]


async def _cancelled(manager: OrderManager, report: OrderReport) -> str:
    """Cancel one order; why it is still there, or nothing."""
    try:
        response = await manager.exchange.cancel_order(_cancel_of(report))
    except Exception as error:  # one order's trouble must not keep the others
        return f"{manager.name}: {report.client_order_id} ({describe(error)})"
    gone = isinstance(response, Refused) and response.kind is RefusalKind.NOT_FOUND
    if isinstance(response, Refused) and not gone:
        return f"{manager.name}: {report.client_order_id} ({response.reason})"
    return ""


def _cancel_of(report: OrderReport) -> CancelRequest:
    return CancelRequest(
        client_order_id=report.client_order_id,
        symbol=report.symbol,
        exchange_order_id=report.exchange_order_id,
    )
