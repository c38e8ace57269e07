"""Who we are at a venue, and taking every order of ours out of it."""

import asyncio
from collections.abc import Callable, Iterable

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.order import CancelRequest, OrderReport, RefusalKind, Refused
from nimbus_tui.engine.look_ups import PAUSES_S
from nimbus_tui.engine.order_manager import OrderManager, describe
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.orders import client_id

CANCELS_AT_ONCE = 20
"""How many cancels are under way at one venue when everything is cancelled."""


def account_fact(exchange: ExchangeName) -> str:
    """The journal's name for the account that the engine trades on at a venue."""
    return f"account/{exchange}"


async def account_name(exchange: Exchange, clock: Clock, failed: Callable[[str], None]) -> str:
    """What identifies the account at the venue, for the tag of our order ids.

    A venue may tell it only over a connection, so that comes first. `failed` is told once why the
    venue can't be asked.
    """
    attempt = 0
    while True:
        try:
            if not exchange.is_connected():
                await exchange.connect()
            return (await exchange.account_info()).account
        except ExchangeError as error:
            if not attempt:
                failed(describe(error))
            await clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
            attempt += 1


async def connected(exchange: Exchange, clock: Clock) -> None:
    """Connect to a venue, however often that takes."""
    attempt = 0
    while not exchange.is_connected():
        try:
            await exchange.connect()
        except ExchangeError:
            await clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
            attempt += 1


async def cancel_everything(managers: Iterable[OrderManager]) -> list[str]:
    """Cancel every order with our tag on every venue; returns what is left, in words."""
    left = await asyncio.gather(
        *(cancel_all_on(manager) for manager in managers),
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


async def cancel_all_on(manager: OrderManager) -> list[str]:
    """Cancel every order of ours on one venue, some at a time; returns what is left, in words."""
    ours = await ours_on(manager)
    left: list[str] = []
    for start in range(0, len(ours), CANCELS_AT_ONCE):
        batch = ours[start : start + CANCELS_AT_ONCE]
        left += await asyncio.gather(*(cancelled(manager, report) for report in batch))
    return [line for line in left if line]


async def cancelled(manager: OrderManager, report: OrderReport) -> str:
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
