"""Orders come in and go: place, cancel, modify."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.exchanges.hyperliquid.server import checks
from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.actions import Limit, Modify, OrderAction, OrderWire
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.checks import Refusal, payload_refusal
from tests.exchanges.hyperliquid.server.grain import text
from tests.exchanges.hyperliquid.server.matching import (
    end,
    finish,
    market_changed,
    shrink,
    take,
)
from tests.exchanges.hyperliquid.server.orders import Order, order_from
from tests.exchanges.hyperliquid.server.world import World

MISSING = "Order was never placed, already canceled, or filled."
MARKETABLE = "Modified order must be post-only or must not cross the book."
DEAD_TARGET = "Cannot modify canceled or filled order"
CENTS = Decimal("0.00000001")
Status = dict[str, Any] | str


def refused(words: str, asset: int) -> Status:
    """An order's error, with the suffix that the documentation leaves out."""
    return {"error": f"{words} asset={asset}"}


def place_all(world: World, account: Account, action: OrderAction) -> list[Status]:
    """A batch of orders; one error alone if the batch was refused as a whole."""
    if not action.orders:
        return [{"error": "Empty batch."}]
    for wire in action.orders:
        found = payload_refusal(world, wire)
        if found is not None:
            _note(world, account, found, wire)
            return [refused(found.words, wire.a)]
    if action.grouping == "normalTpsl":
        return _place_family(world, account, action.orders)
    positional = action.grouping == "positionTpsl"
    return [place(world, account, wire, positional=positional) for wire in action.orders]


def _place_family(world: World, account: Account, wires: list[OrderWire]) -> list[Status]:
    for wire in wires:
        found = _cloid_refusal(world, account, wire, replaces=False)
        if found is not None:
            return [refused(found.words, wire.a)]
    parent = _made(world, account, wires[0])
    children = [_made(world, account, wire) for wire in wires[1:]]
    for child in children:
        child.parent, child.waits_for_parent = parent, True
    parent.children = children
    first = _entered(world, account, parent, wires[0])
    if not isinstance(first, dict) or "error" in first:
        return [first]
    return [first, *(_armed(world, account, child) for child in children)]


def _armed(world: World, account: Account, child: Order) -> Status:
    parent = child.parent
    child.waits_for_parent = parent is not None and parent.is_open
    account.keep(child)
    world.set_status(child, "open")
    if child.waits_for_parent:
        return "waitingForFill"
    wake(world, child)
    return "waitingForTrigger"


def place(
    world: World,
    account: Account,
    wire: OrderWire,
    *,
    positional: bool = False,
    replaces: bool = False,
) -> Status:
    """One order: refused, filled or resting."""
    found = _cloid_refusal(world, account, wire, replaces=replaces)
    if found is not None:
        return refused(found.words, wire.a)
    order = _made(world, account, wire)
    order.is_position_tpsl = positional
    return _entered(world, account, order, wire)


def _made(world: World, account: Account, wire: OrderWire) -> Order:
    market = world.universe.by_asset[wire.a]
    order = order_from(wire, market, account.address, world.next_oid(), world.now())
    world.orders[order.oid] = order
    return order


def _cloid_refusal(
    world: World, account: Account, wire: OrderWire, *, replaces: bool
) -> Refusal | None:
    cloid = wire.c if isinstance(wire.c, str) else None
    if cloid is None or replaces:
        return None
    if cloid in account.cloids:
        world.audit.broken(Rule.CLOID, cloid, account.address, world.now())
        if world.readings.duplicate_cloid_refused:
            return Refusal("Duplicate client order id.")
    account.cloids.add(cloid)
    return None


def _note(world: World, account: Account, found: Refusal, wire: OrderWire) -> None:
    if found.rule is not None:
        words = f"{found.words} asset={wire.a} p={wire.p} s={wire.s}"
        world.audit.broken(found.rule, words, account.address, world.now())


def _entered(world: World, account: Account, order: Order, wire: OrderWire) -> Status:
    found = checks.refusal(world, account, order)
    if found is not None:
        _note(world, account, found, wire)
        if found.status is not None:
            account.keep(order)
            world.set_status(order, found.status)
        return refused(found.words, wire.a)
    world.set_status(order, "open")
    account.keep(order)
    if order.trigger is not None:
        return _waiting(world, order)
    return _matched(world, account, order)


def _waiting(world: World, order: Order) -> Status:
    wake(world, order)
    return "waitingForTrigger" if order.is_position_tpsl else _resting(order)


def wake(world: World, order: Order) -> None:
    """Let a trigger order go to the market if its time has come."""
    trigger = order.trigger
    if trigger is None or order.waits_for_parent or not checks.has_come(world, order, trigger):
        return
    if order.is_position_tpsl or order.reduce_only:
        held = world.account(order.user).position_size(order.market.coin)
        if not held or order.buy != (held < 0):
            end(world, order, "reduceOnlyCanceled")
            return
        order.size = abs(held) if order.is_position_tpsl else min(order.size, abs(held))
    order.triggered = True
    world.set_status(order, "triggered")
    take(world, order)
    if not order.left:
        finish(world, order)
    elif trigger.isMarket and order.is_open:
        status = "canceled" if order.filled else "marketOrderNoLiquidityRejected"
        end(world, order, status)
    elif order.is_open:
        _rest(world, order)


def _matched(world: World, account: Account, order: Order) -> Status:
    take(world, order)
    if not order.left:
        finish(world, order)
    elif order.tif in {"Ioc", "FrontendMarket"}:
        end(world, order, "canceled")
    elif order.is_open:
        _rest(world, order)
        shrink(world, account, order.market.coin)
    rests = world.readings.partial_gtc_rests and order.rests
    return _filled(order) if order.filled and not rests else _resting(order)


def _rest(world: World, order: Order) -> None:
    book = world.books[order.market.coin]
    book.resting.append(order)
    market_changed(world, book)


def _filled(order: Order) -> dict[str, Any]:
    average = (order.spent / order.filled).quantize(CENTS, rounding=ROUND_HALF_EVEN)
    told = {"totalSz": text(order.filled), "avgPx": text(average), "oid": order.oid}
    return {"filled": told | ({"cloid": order.cloid} if order.cloid else {})}


def _resting(order: Order) -> dict[str, Any]:
    return {"resting": {"oid": order.oid} | ({"cloid": order.cloid} if order.cloid else {})}


def find(account: Account, target: int | str) -> Order | None:
    """A live order by number or client id."""
    for order in account.open_orders:
        if target in (order.oid, order.cloid):
            return order
    return None


def cancel(world: World, account: Account, asset: int, target: int | str) -> Status:
    """End one order."""
    order = find(account, target)
    if order is None or order.market.asset != asset:
        return refused(MISSING, asset)
    end(world, order, "canceled")
    return "success"


def _takes(world: World, wire: OrderWire) -> bool:
    """What replaces an order wakes, takes at once, or could."""
    if not isinstance(wire.t.limit, Limit) or wire.t.limit.tif in {"Ioc", "FrontendMarket"}:
        return True
    market = world.universe.by_asset[wire.a]
    best = world.books[market.coin].best(buy=not wire.b)
    px = Decimal(wire.p)
    crosses = best is not None and (px >= best if wire.b else px <= best)
    return wire.t.limit.tif == "Gtc" and crosses


def modify(world: World, account: Account, item: Modify, *, always: bool) -> Status:
    """Cancel an order and place what replaces it."""
    asset = item.order.a
    found = payload_refusal(world, item.order)
    if found is not None:
        _note(world, account, found, item.order)
        return refused(found.words, asset)
    target = find(account, item.oid)
    if target is None and not always:
        return refused(DEAD_TARGET, asset)
    if world.readings.strict_modify and not always and _takes(world, item.order):
        return refused(MARKETABLE, asset)
    replaces = target is not None and target.cloid == item.order.c
    if target is not None:
        end(world, target, "canceled")
    placed = place(world, account, item.order, replaces=replaces)
    if isinstance(placed, dict) and "error" in placed:
        return {"error": f"Error placing new order during modify: {placed['error']}"}
    return placed
