"""An account as the venue tells it: margin, positions, balances, orders, role."""

from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.exchanges.hyperliquid.server import margin
from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.grain import text
from tests.exchanges.hyperliquid.server.world import World

KEPT_ORDERS = 2000
"""Of how many orders of an account the venue still knows the end."""
SIX = Decimal("0.000001")
TEN = Decimal("0.0000000001")


def _usd(value: Decimal) -> str:
    return text(value.quantize(SIX, rounding=ROUND_DOWN))


def clearinghouse(world: World, account: Account) -> dict[str, Any]:
    """The perpetual side."""
    cross = {c: p for c, p in account.positions.items() if margin.is_cross(world, account, c)}
    kept = (margin.maintenance(world, coin, position) for coin, position in cross.items())
    total = margin.account_value(world, account)
    cross_value = margin.cross_value(world, account)
    used = margin.margin_used(world, account)
    cross_used = margin.margin_used(world, account, cross_only=True)
    return {
        "marginSummary": _summary(world, account.positions, total, used),
        "crossMarginSummary": _summary(world, cross, cross_value, cross_used),
        "crossMaintenanceMarginUsed": _usd(sum(kept, Decimal(0))),
        "withdrawable": _usd(margin.withdrawable(world, account)),
        "assetPositions": [
            {"type": "oneWay", "position": _position(world, account, coin)}
            for coin in account.positions
        ],
        "time": world.now(),
    }


def _summary(
    world: World, positions: dict[str, Any], value: Decimal, used: Decimal
) -> dict[str, str]:
    sizes = [position.size * world.books[coin].mark for coin, position in positions.items()]
    return {
        "accountValue": _usd(value),
        "totalNtlPos": _usd(sum(map(abs, sizes), Decimal(0))),
        "totalRawUsd": _usd(value - sum(sizes, Decimal(0))),
        "totalMarginUsed": _usd(used),
    }


def leverage(world: World, account: Account, coin: str) -> dict[str, Any]:
    """What is set for a coin; of an isolated position with its own cash."""
    held = world.leverage(account, coin)
    told = {"type": "cross" if held.cross else "isolated", "value": held.value}
    position = account.positions.get(coin)
    if not held.cross and position is not None:
        told["rawUsd"] = _usd(position.isolated - position.size * position.entry)
    return told


def _position(world: World, account: Account, coin: str) -> dict[str, Any]:
    position, mark = account.positions[coin], world.books[coin].mark
    profit = position.profit(mark)
    bound = margin.initial(world, account, coin, position)
    if not margin.is_cross(world, account, coin):
        bound = margin.isolated_value(world, account, coin)
    at = margin.liquidation_price(world, account, coin)
    first = abs(position.size) * position.entry / world.leverage(account, coin).value
    return {
        "coin": coin,
        "szi": text(position.size),
        "leverage": leverage(world, account, coin),
        "entryPx": text(position.entry.quantize(SIX)),
        "positionValue": _usd(abs(position.size) * mark),
        "unrealizedPnl": _usd(profit),
        "returnOnEquity": text((profit / first).quantize(TEN)),
        "liquidationPx": None if at is None else text(at.quantize(TEN)),
        "marginUsed": _usd(bound),
        "maxLeverage": world.universe.markets[coin].max_leverage,
        "cumFunding": {
            "allTime": text(account.funding_total[coin]),
            "sinceOpen": text(position.funding_open),
            "sinceChange": text(position.funding_change),
        },
    }


def spot(world: World, account: Account) -> dict[str, Any]:
    """The spot side; USDC comes always."""
    held = {"USDC": account.spot["USDC"], **account.spot}
    tokens = world.universe.tokens
    return {
        "balances": [
            {
                "coin": name,
                "token": tokens[name]["index"],
                "total": text(holding.total),
                "hold": text(margin.spot_hold(account, name)),
                "entryNtl": text(holding.cost),
            }
            for name, holding in held.items()
        ]
    }


def asset_data(world: World, account: Account, coin: str) -> dict[str, Any]:
    """What can be traded of a coin, and at which leverage."""
    mark = world.books[coin].mark
    held = world.leverage(account, coin)
    free = margin.cross_value(world, account) - margin.bound(world, account)
    free = max(Decimal(0), free)
    most = (free * held.value / mark).quantize(
        Decimal(1).scaleb(-world.universe.markets[coin].sz_decimals), rounding=ROUND_DOWN
    )
    return {
        "user": account.address,
        "coin": coin,
        "leverage": leverage(world, account, coin),
        "maxTradeSzs": [text(most)] * 2,
        "availableToTrade": [_usd(free)] * 2,
        "markPx": text(mark),
    }


def role(world: World, address: str) -> dict[str, Any]:
    """What an address is."""
    account = world.accounts.get(address)
    if account is not None:
        data = {"data": {"master": account.owner}} if account.role == "subAccount" else {}
        return {"role": account.role, **data}
    found = world.agent(address)
    if found is not None:
        return {"role": "agent", "data": {"user": found[0].address}}
    return {"role": "missing"}


def open_orders(account: Account) -> list[dict[str, Any]]:
    """What lives, as `openOrders` tells it."""
    return [order.basic() for order in account.open_orders]


def full_orders(account: Account) -> list[dict[str, Any]]:
    """What lives, as `frontendOpenOrders` tells it."""
    return [order.full() for order in account.open_orders]


def order_status(world: World, account: Account, target: int | str) -> dict[str, Any]:
    """The last change of one order, by number or client id."""
    newest = world.now() - world.readings.status_lag_ms
    for order in reversed(account.orders[-KEPT_ORDERS:]):
        if target in (order.oid, order.cloid) and order.placed <= newest:
            return {"status": "order", "order": order.record()}
    return {"status": "unknownOid"}


def fees(account: Account) -> dict[str, Any]:
    """The account's rates."""
    return {
        "dailyUserVlm": [],
        "feeSchedule": {
            "cross": "0.00045",
            "add": "0.00015",
            "spotCross": "0.0007",
            "spotAdd": "0.0004",
            "tiers": {"vip": [], "mm": []},
            "referralDiscount": "0.04",
            "stakingDiscountTiers": [],
        },
        "userCrossRate": text(account.taker),
        "userAddRate": text(account.maker),
        "userSpotCrossRate": text(account.spot_taker),
        "userSpotAddRate": text(account.spot_maker),
        "activeReferralDiscount": "0.0",
    }
