"""What an execution does to an account: position, cash, fees, and the fill that is told."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.exchanges.hyperliquid.server.accounts import Account, Position
from tests.exchanges.hyperliquid.server.grain import text
from tests.exchanges.hyperliquid.server.orders import Order
from tests.exchanges.hyperliquid.server.universe import Market
from tests.exchanges.hyperliquid.server.world import World, hash_of

CENT_PARTS = Decimal("0.000001")
WEI = Decimal("0.00000001")


@dataclass(frozen=True)
class Execution:
    """One side of one trade."""

    market: Market
    buy: bool
    px: Decimal
    size: Decimal
    crossed: bool
    tid: int
    oid: int
    order: Order | None = None
    words: str | None = None
    """The `dir` of an execution that nobody ordered."""
    liquidation: dict[str, Any] | None = None


def settle(world: World, account: Account, done: Execution) -> None:
    """Book one side of a trade and tell the fill."""
    if done.order is not None:
        done.order.filled += done.size
        done.order.spent += done.size * done.px
    book = _book_spot if done.market.spot else _book_perp
    booked = book(world, account, done)
    fill = {
        "coin": done.market.coin,
        "px": text(done.px),
        "sz": text(done.size),
        "side": "B" if done.buy else "A",
        "time": world.now(),
        **booked,
        "hash": hash_of(done.tid),
        "oid": done.oid,
        "crossed": done.crossed,
        "tid": done.tid,
        "twapId": None,
    }
    if done.order is not None and done.order.cloid:
        fill["cloid"] = done.order.cloid
    if done.liquidation:
        fill["liquidation"] = done.liquidation
    account.volume += done.px * done.size
    account.fills.append(fill)
    world.tell("fill", account.address, fill)


def _book_spot(world: World, account: Account, done: Execution) -> dict[str, Any]:
    market = done.market
    base, quote = account.spot[market.base], account.spot[market.quote]
    start = base.total
    rate = account.spot_taker if done.crossed else account.spot_maker
    notional = done.px * done.size
    gained = Decimal(0)
    if done.buy:
        fee = (done.size * rate).quantize(WEI, rounding=ROUND_DOWN)
        base.total += done.size - fee
        base.cost += notional
        quote.total -= notional
    else:
        fee = (notional * rate).quantize(CENT_PARTS, rounding=ROUND_DOWN)
        cost = base.cost * done.size / start if start else Decimal(0)
        gained = notional - cost
        base.total -= done.size
        base.cost -= cost
        quote.total += notional - fee
    return {
        "startPosition": text(start),
        "dir": done.words or ("Buy" if done.buy else "Sell"),
        "closedPnl": text(gained.quantize(WEI, rounding=ROUND_DOWN)),
        "fee": text(fee),
        "feeToken": market.base if done.buy else market.quote,
    }


def _book_perp(world: World, account: Account, done: Execution) -> dict[str, Any]:
    start = account.position_size(done.market.coin)
    gained = _move_position(world, account, done)
    rate = account.taker if done.crossed else account.maker
    fee = (done.px * done.size * rate).quantize(CENT_PARTS, rounding=ROUND_DOWN)
    account.usdc -= fee
    return {
        "startPosition": text(start),
        "dir": done.words or direction(start, done.size if done.buy else -done.size),
        "closedPnl": text(gained),
        "fee": text(fee),
        "feeToken": "USDC",
    }


def _move_position(world: World, account: Account, done: Execution) -> Decimal:
    """Change the position; returns what was realized."""
    coin = done.market.coin
    held = account.positions.setdefault(coin, Position(Decimal(0), done.px))
    signed = done.size if done.buy else -done.size
    closing = min(abs(held.size), done.size) if held.size * signed < 0 else Decimal(0)
    gained = closing * (done.px - held.entry) * (1 if held.size > 0 else -1)
    if closing:
        freed = held.isolated * closing / abs(held.size)
        held.isolated -= freed
        account.usdc += gained + freed
    opening = done.size - closing
    if opening:
        _open(world, account, held, done, opening if done.buy else -opening)
    held.size += signed
    if not held.size:
        del account.positions[coin]
    return gained.quantize(CENT_PARTS, rounding=ROUND_DOWN)


def _open(world: World, account: Account, held: Position, done: Execution, signed: Decimal) -> None:
    kept = held.size if held.size * signed > 0 else Decimal(0)
    held.entry = (kept * held.entry + signed * done.px) / (kept + signed)
    leverage = world.leverage(account, done.market.coin)
    if not leverage.cross:
        margin = abs(signed) * done.px / leverage.value
        held.isolated += margin
        account.usdc -= margin
    if not kept:
        held.funding_open = held.funding_change = Decimal(0)


def direction(start: Decimal, signed: Decimal) -> str:
    """The words for what a fill does to a position."""
    end = start + signed
    if start * end < 0:
        return "Long > Short" if start > 0 else "Short > Long"
    if start * signed < 0:
        return "Close Long" if start > 0 else "Close Short"
    return "Open Long" if signed > 0 else "Open Short"
