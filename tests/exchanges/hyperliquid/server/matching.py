"""Orders meet: takers, makers, and how orders end."""

from decimal import Decimal
from typing import Any

from tests.exchanges.hyperliquid.server import margin
from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.book import Book, Level
from tests.exchanges.hyperliquid.server.grain import text
from tests.exchanges.hyperliquid.server.orders import Order
from tests.exchanges.hyperliquid.server.settlement import Execution, settle
from tests.exchanges.hyperliquid.server.world import STRANGER, World, hash_of

MARKET_WIDE = ("bbo", "allMids")


def take(world: World, order: Order) -> None:
    """Fill an incoming order as far as its limit and the book allow."""
    book = world.books[order.market.coin]
    while order.left > 0 and order.is_open:
        maker = book.opposite(buy=order.buy)
        if maker is None or not order.reaches(maker.px):
            return
        if isinstance(maker, Level):
            size = min(order.left, maker.left)
            maker.left -= size
            execute(world, order, None, maker.px, size)
        elif maker.user == order.user:
            end(world, maker, "selfTradeCanceled")
        else:
            _meet(world, order, maker)


def _meet(world: World, taker: Order, maker: Order) -> None:
    size = min(taker.left, maker.left)
    if not margin.can_fill(world, world.account(maker.user), maker, size):
        end(world, maker, "marginCanceled")
        return
    execute(world, taker, maker, maker.px, size)


def hit(world: World, maker: Order, size: Decimal) -> None:
    """A stranger takes from a resting order."""
    if not margin.can_fill(world, world.account(maker.user), maker, size):
        end(world, maker, "marginCanceled")
        return
    execute(world, None, maker, maker.px, size)


def execute(
    world: World, taker: Order | None, maker: Order | None, px: Decimal, size: Decimal
) -> None:
    """One trade between orders of ours, or of ours and a stranger's."""
    tid = world.next_tid()
    first = taker or maker
    assert first is not None
    buy = taker.buy if taker else not first.buy
    for order in (taker, maker):
        if order is None:
            continue
        done = Execution(
            market=order.market,
            buy=order.buy,
            px=px,
            size=size,
            crossed=order is taker,
            tid=tid,
            oid=order.oid,
            order=order,
        )
        settle(world, world.account(order.user), done)
    users = [order.user if order else STRANGER for order in (taker, maker)]
    publish_trade(world, world.books[first.market.coin], buy, px, size, tid, users)
    if maker is not None:
        after_maker_fill(world, maker)
    if taker is not None and not taker.left:
        _end_siblings(world, taker)
    for order in (taker, maker):
        if order is not None:
            shrink(world, world.account(order.user), order.market.coin)


def after_maker_fill(world: World, maker: Order) -> None:
    """A resting order that is full has ended."""
    if not maker.left:
        finish(world, maker)
    elif world.readings.partial_updates:
        world.tell("orderUpdates", maker.user, maker.update())


def publish_trade(
    world: World,
    book: Book,
    buy: bool,
    px: Decimal,
    size: Decimal,
    tid: int,
    users: list[str],
) -> None:
    """Let the market see a trade; `users` are taker and maker."""
    trade: dict[str, Any] = {
        "coin": book.market.coin,
        "side": "B" if buy else "A",
        "px": text(px),
        "sz": text(size),
        "time": world.now(),
        "hash": hash_of(tid),
        "tid": tid,
        "users": users if buy else users[::-1],
    }
    book.trades.append(trade)
    book.volume += size
    book.notional += size * px
    world.tell("trades", book.market.coin, trade)
    market_changed(world, book)


def market_changed(world: World, book: Book) -> None:
    """Let everybody see the prices of a market."""
    for channel in MARKET_WIDE:
        world.tell(channel, book.market.coin)


def finish(world: World, order: Order) -> None:
    """An order is full: its children wake, its siblings go."""
    world.set_status(order, "filled")
    for child in order.children:
        if child.is_open:
            child.waits_for_parent = False
    _end_siblings(world, order)


def _end_siblings(world: World, order: Order) -> None:
    for sibling in order.parent.children if order.parent else ():
        if sibling is not order and sibling.is_open:
            end(world, sibling, "siblingFilledCanceled")


def end(world: World, order: Order, status: str) -> None:
    """An order is gone before it was full, and its waiting children with it."""
    rested = order.rests
    world.set_status(order, status)
    by_venue = status not in {"canceled", "reduceOnlyCanceled"} and not status.endswith("Rejected")
    if by_venue:
        world.tell("nonUserCancel", order.user, {"coin": order.market.coin, "oid": order.oid})
    for child in order.children:
        if child.waits_for_parent and child.is_open:
            end(world, child, status)
    if rested:
        market_changed(world, world.books[order.market.coin])


def shrink(world: World, account: Account, coin: str) -> None:
    """Cut reduce-only orders down to the position; the older ones give way to the newer."""
    size = account.position_size(coin)
    left = abs(size)
    mine = [
        order
        for order in account.open_orders
        if order.market.coin == coin
        and order.reduce_only
        and not order.waits_for_parent
        and order.left
    ]
    for order in reversed(mine):
        closes = size != 0 and order.buy == (size < 0)
        if order.trigger is not None:
            if not closes:
                end(world, order, "reduceOnlyCanceled")
            continue
        if not closes or left <= 0:
            end(world, order, "reduceOnlyCanceled")
            continue
        if order.left > left:
            order.size -= order.left - left
        left -= order.left
