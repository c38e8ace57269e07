"""Why the venue refuses an order, in its words."""

from dataclasses import dataclass
from decimal import Decimal

from tests.exchanges.hyperliquid.server import margin
from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.actions import OrderWire, Trigger
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.grain import (
    decimals_of,
    has_too_many_decimals,
    has_too_many_figures,
    text,
)
from tests.exchanges.hyperliquid.server.orders import Order, is_above
from tests.exchanges.hyperliquid.server.world import World

MIN_NOTIONAL = 10
FARTHEST = Decimal("0.95")
OPEN_ORDERS = 1000
MOST_OPEN_ORDERS = 5000
VOLUME_PER_ORDER = 5_000_000
MARKET_CAPS = ((25, 15_000_000), (20, 5_000_000), (10, 2_000_000), (0, 500_000))
LIMIT_TIMES = 10
BAD_PRICE = "Order has invalid price."
BAD_SIZE = "Order has invalid size."
BAD_TICK = "Price must be divisible by tick size."
NO_MATCH = "Order could not immediately match against any resting orders."
ONLY_POST_ONLY = "Only post-only orders allowed immediately after a network upgrade"


@dataclass(frozen=True)
class Refusal:
    """Why, the status that is recorded (None: no record), and the rule that was broken."""

    words: str
    status: str | None = None
    rule: Rule | None = None


def payload_refusal(world: World, wire: OrderWire) -> Refusal | None:
    """What is wrong with an order whatever the state of the market: it refuses the whole batch."""
    market = world.universe.by_asset.get(wire.a)
    if market is None:
        return Refusal("Asset does not exist.", rule=Rule.ASSET)
    px, size = Decimal(wire.p), Decimal(wire.s)
    if not size:
        return Refusal("Order has zero size.", rule=Rule.LOT)
    if decimals_of(size) > market.sz_decimals:
        return Refusal(BAD_SIZE, rule=Rule.LOT)
    prices = [px]
    if isinstance(wire.t.trigger, Trigger):
        prices.append(Decimal(wire.t.trigger.triggerPx))
    if any(not price or has_too_many_decimals(price, **market.grain) for price in prices):
        return Refusal(BAD_PRICE, rule=Rule.TICK)
    return None


def refusal(world: World, account: Account, order: Order) -> Refusal | None:
    """What is wrong with one order; a reduce-only order is cut down to the position."""
    found = _state_refusal(world, order) or _price_refusal(world, order)
    found = found or _size_refusal(world, account, order)
    if found or order.waits_for_parent:
        return found
    if order.reduce_only:
        found = _cut_down(account, order)
    found = found or _trigger_refusal(world, order)
    return found or _money_refusal(world, account, order) or _book_refusal(world, order)


def _state_refusal(world: World, order: Order) -> Refusal | None:
    if order.market.delisted:
        return Refusal("Trading is halted.", rule=Rule.ASSET)
    if world.post_only and order.tif != "Alo":
        return Refusal(ONLY_POST_ONLY)
    return None


def _price_refusal(world: World, order: Order) -> Refusal | None:
    trigger = order.trigger
    prices = [order.px, *([Decimal(trigger.triggerPx)] if trigger else [])]
    if any(has_too_many_figures(px) for px in prices):
        return Refusal(BAD_TICK, "tickRejected", Rule.TICK)
    reference = world.books[order.market.coin].oracle
    if abs(order.px - reference) > FARTHEST * reference:
        words = "Order price cannot be more than 95% away from the reference price"
        return Refusal(words, "oracleRejected", Rule.FAR_PRICE)
    return None


def _size_refusal(world: World, account: Account, order: Order) -> Refusal | None:
    notional = order.px * order.asked
    if notional < MIN_NOTIONAL and not closes_all(account, order):
        if order.market.spot:
            words = f"Order must have minimum value of 10 {order.market.quote}."
            return Refusal(words, "minTradeSpotNtlRejected", Rule.NOTIONAL)
        words = "Order must have minimum value of $10."
        return Refusal(words, "minTradeNtlRejected", Rule.NOTIONAL)
    leverage = order.market.max_leverage
    cap = next(cap for least, cap in MARKET_CAPS if leverage >= least)
    cap *= 1 if order.tif in {"Ioc", "FrontendMarket", None} else LIMIT_TIMES
    if notional > cap and not order.market.spot:
        return Refusal(f"Order value too large. Max is ${cap}.")
    most = min(OPEN_ORDERS + int(account.volume / VOLUME_PER_ORDER), MOST_OPEN_ORDERS)
    count = len(account.open_orders)
    if count >= most or (count >= OPEN_ORDERS and (order.reduce_only or order.trigger)):
        return Refusal("Too many open orders.", "tooManyOpenOrdersRejected")
    return None


def closes_all(account: Account, order: Order) -> bool:
    """The order closes the whole position, so that its value doesn't matter."""
    size = account.position_size(order.market.coin)
    if order.market.spot or not size or order.buy != (size < 0):
        return False
    return order.asked == abs(size) or (order.reduce_only and order.asked >= abs(size))


def _cut_down(account: Account, order: Order) -> Refusal | None:
    size = account.position_size(order.market.coin)
    if order.market.spot or not size or order.buy != (size < 0):
        words = "Reduce only order would increase position."
        return Refusal(words, "reduceOnlyRejected")
    order.size = min(order.size, abs(size))
    return None


def _trigger_refusal(world: World, order: Order) -> Refusal | None:
    trigger = order.trigger
    if trigger is None or not world.readings.passed_trigger_refused:
        return None
    if has_come(world, order, trigger):
        return Refusal("Invalid TP/SL price.", "badTriggerPxRejected")
    return None


def has_come(world: World, order: Order, trigger: Trigger) -> bool:
    """The mark price has reached an order's trigger."""
    mark, px = world.books[order.market.coin].mark, Decimal(trigger.triggerPx)
    return mark >= px if is_above(order, trigger) else mark <= px


def _money_refusal(world: World, account: Account, order: Order) -> Refusal | None:
    market = order.market
    if not market.spot:
        if margin.can_place(world, account, order):
            return None
        return Refusal("Insufficient margin to place order.", "perpMarginRejected")
    token, need = (market.quote, order.left * order.px) if order.buy else (market.base, order.left)
    free = account.spot[token].total - margin.spot_hold(account, token)
    if order.trigger is None and need > free:
        return Refusal("Insufficient spot balance", "insufficientSpotBalanceRejected")
    return None


def _book_refusal(world: World, order: Order) -> Refusal | None:
    if order.trigger is not None:
        return None
    book = world.books[order.market.coin]
    best = book.opposite(buy=order.buy)
    crosses = best is not None and order.reaches(best.px)
    if order.tif == "Alo" and crosses:
        bid, ask = book.best(buy=True), book.best(buy=False)
        bbo = "@".join("" if px is None else _short(px) for px in (bid, ask))
        words = f"Post only order would have immediately matched, bbo was {bbo}."
        return Refusal(words, "badAloPxRejected")
    if order.tif in {"Ioc", "FrontendMarket"} and not crosses:
        return Refusal(NO_MATCH, "iocCancelRejected")
    return None


def _short(px: Decimal) -> str:
    return text(px).removesuffix(".0")
