"""What happens to the market and by itself: moves, marks, funding, liquidations, the switch."""

from decimal import ROUND_UP, Decimal
from typing import Any

from tests.exchanges.hyperliquid.server import margin
from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.book import Book
from tests.exchanges.hyperliquid.server.grain import snap, text
from tests.exchanges.hyperliquid.server.matching import (
    end,
    hit,
    market_changed,
    publish_trade,
    shrink,
)
from tests.exchanges.hyperliquid.server.orders import Order
from tests.exchanges.hyperliquid.server.placing import wake
from tests.exchanges.hyperliquid.server.settlement import CENT_PARTS, Execution, settle
from tests.exchanges.hyperliquid.server.world import DAY_MS, STRANGER, World, hash_of

MOST_FIRINGS = 10
BIG_USDC = 100_000
PARTS = 5
BETWEEN_PARTS_MS = 30_000
BACKSTOP = Decimal(2) / 3


def move(
    world: World,
    coin: str,
    px: Decimal,
    *,
    volume: Decimal | None = None,
    mark: Decimal | None = None,
) -> Decimal:
    """Let the market trade at a price, through all that rests before it.

    Resting orders at the price or better are filled by strangers, by price, then time; `volume`
    (base coins) is the most that they take: the last may fill in part, and there the price stops.
    The mark price follows to `mark`, or to the price that was reached, which is returned.
    """
    book = world.books[coin]
    px = snap(px, **book.market.grain)
    buying = px > book.last
    book.last = px
    book.bids, book.asks = [], []
    for buy in (False, True):
        book.last = _fill_crossed(world, book, buy=buy, volume=volume)
    book.refill()
    unit = Decimal(1).scaleb(-book.market.sz_decimals)
    publish_trade(world, book, buying, book.last, unit, world.next_tid(), [STRANGER, STRANGER])
    set_mark(world, coin, book.last if mark is None else mark)
    return book.last


def _fill_crossed(world: World, book: Book, *, buy: bool, volume: Decimal | None) -> Decimal:
    """Fill a side as far as the price and the volume go; returns the price reached."""
    left = volume
    while (order := book.first_resting(buy=buy)) is not None and order.reaches(book.last):
        size = order.left if left is None else min(order.left, left)
        if not size:
            return order.px
        hit(world, order, size)
        left = None if left is None else left - size
    return book.last


def set_mark(world: World, coin: str, mark: Decimal) -> None:
    """Change mark and oracle price: triggers wake, and who can't bear it is liquidated."""
    book = world.books[coin]
    book.mark = book.oracle = mark
    market_changed(world, book)
    for account in list(world.accounts.values()):
        for order in account.open_orders:
            if order.market.coin == coin and order.trigger is not None:
                wake(world, order)
    for account in list(world.accounts.values()):
        _liquidate_if_due(world, account)


def _liquidate_if_due(world: World, account: Account) -> None:
    cross = [coin for coin in account.positions if margin.is_cross(world, account, coin)]
    needed = sum(
        (margin.maintenance(world, coin, account.positions[coin]) for coin in cross), Decimal(0)
    )
    value = margin.cross_value(world, account)
    if cross and value < needed:
        due = [coin for coin in cross if _may_go(world, account, coin)]
        liquidate(world, account, due, backstop=value < needed * BACKSTOP)
    for coin in [coin for coin in account.positions if coin not in cross]:
        value = margin.isolated_value(world, account, coin)
        needed = margin.maintenance(world, coin, account.positions[coin])
        if value < needed and _may_go(world, account, coin):
            liquidate(world, account, [coin])


def liquidate(world: World, account: Account, coins: list[str], *, backstop: bool = False) -> None:
    """Take positions over at the mark price; open orders of those coins go first."""
    if not coins:
        return
    notional = sum(
        (abs(account.position_size(coin)) * world.books[coin].mark for coin in coins), Decimal(0)
    )
    event = {
        "lid": world.next_tid(),
        "liquidator": STRANGER,
        "liquidated_user": account.address,
        "liquidated_ntl_pos": text(notional),
        "liquidated_account_value": text(margin.account_value(world, account)),
    }
    for order in account.open_orders:
        if order.market.coin in coins:
            end(world, order, "liquidatedCanceled")
    world.tell("liquidation", account.address, event)
    for coin in coins:
        size = _due_size(world, account, coin)
        mark = text(world.books[coin].mark)
        method = "backstop" if backstop else "market"
        marks = {"liquidatedUser": account.address, "markPx": mark, "method": method}
        kind = "Cross" if margin.is_cross(world, account, coin) else "Isolated"
        side = "Long" if account.position_size(coin) > 0 else "Short"
        force(world, account, coin, size, words=f"Liquidated {kind} {side}", liquidation=marks)


def _due_size(world: World, account: Account, coin: str) -> Decimal:
    """How much of a position goes at once: a fifth of a big one, all of any other."""
    size = abs(account.position_size(coin))
    if size * world.books[coin].mark <= BIG_USDC:
        return size
    account.cut_down[coin] = world.now()
    unit = Decimal(1).scaleb(-world.books[coin].market.sz_decimals)
    return (size / PARTS).quantize(unit, rounding=ROUND_UP)


def _may_go(world: World, account: Account, coin: str) -> bool:
    """Between the parts of a big position there is a pause."""
    return world.now() - account.cut_down.get(coin, 0) >= BETWEEN_PARTS_MS


def deleverage(world: World, account: Account, coin: str, size: Decimal | None = None) -> None:
    """Close a winning position, or a part of it, because others can't pay (ADL)."""
    force(world, account, coin, size, words="Auto-Deleveraging")


def force(
    world: World,
    account: Account,
    coin: str,
    size: Decimal | None = None,
    *,
    words: str,
    liquidation: dict[str, Any] | None = None,
) -> None:
    """Execute at the mark price against a position what its owner never ordered."""
    held = account.position_size(coin)
    if not held:
        return
    book = world.books[coin]
    size = abs(held) if size is None else min(size, abs(held))
    tid = world.next_tid()
    done = Execution(
        market=book.market,
        buy=held < 0,
        px=book.mark,
        size=size,
        crossed=True,
        tid=tid,
        oid=world.next_oid(),
        words=words,
        liquidation=liquidation,
    )
    settle(world, account, done)
    publish_trade(world, book, held < 0, book.mark, size, tid, [account.address, STRANGER])
    shrink(world, account, coin)


def pay_funding(world: World, coin: str, rate: Decimal | None = None) -> None:
    """One hour's funding of a coin: longs pay a positive rate."""
    book = world.books[coin]
    rate = book.funding if rate is None else rate
    for account in world.accounts.values():
        position = account.positions.get(coin)
        if position is None:
            continue
        paid = (position.size * book.oracle * rate).quantize(CENT_PARTS)
        if margin.is_cross(world, account, coin):
            account.usdc -= paid
        else:
            position.isolated -= paid
        position.funding_open += paid
        position.funding_change += paid
        account.funding_total[coin] += paid
        payment = {
            "time": world.now(),
            "coin": coin,
            "usdc": text(-paid),
            "szi": text(position.size),
            "fundingRate": text(rate),
            "nSamples": None,
        }
        account.fundings.append(payment)
        world.tell("funding", account.address, payment)


def fire_switches(world: World) -> None:
    """Cancel the orders of everybody whose dead man's switch is due."""
    now = world.now()
    for account in world.accounts.values():
        if account.cancel_at is None or account.cancel_at > now:
            continue
        account.cancel_at = None
        account.firings[now // DAY_MS] += 1
        for order in account.open_orders:
            end(world, order, "scheduledCancel")


def cancel_by_venue(world: World, order: Order, status: str) -> None:
    """End an order as the venue does for reasons of its own, e.g. `delistedCanceled`."""
    if order.is_open:
        end(world, order, status)


def funding_row(payment: dict[str, Any]) -> dict[str, Any]:
    """A payment as `userFunding` tells it."""
    delta = {"type": "funding"} | {k: v for k, v in payment.items() if k != "time"}
    return {"time": payment["time"], "hash": hash_of(payment["time"]), "delta": delta}
