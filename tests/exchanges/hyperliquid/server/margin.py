"""How much an account is worth, and how much of that is bound."""

from decimal import Decimal

from tests.exchanges.hyperliquid.server.accounts import Account, Position
from tests.exchanges.hyperliquid.server.orders import Order
from tests.exchanges.hyperliquid.server.world import World

ZERO = Decimal(0)


def cross_value(world: World, account: Account) -> Decimal:
    """Cash and the gains of cross positions; what is set aside for isolated ones isn't in it."""
    gains = (
        position.profit(world.books[coin].mark)
        for coin, position in account.positions.items()
        if is_cross(world, account, coin)
    )
    return account.usdc + sum(gains, ZERO)


def isolated_value(world: World, account: Account, coin: str) -> Decimal:
    """What an isolated position is worth: what was set aside, and its gain."""
    position = account.positions[coin]
    return position.isolated + position.profit(world.books[coin].mark)


def account_value(world: World, account: Account) -> Decimal:
    """The equity of the perpetual side."""
    isolated = (
        isolated_value(world, account, coin)
        for coin in account.positions
        if not is_cross(world, account, coin)
    )
    return cross_value(world, account) + sum(isolated, ZERO)


def is_cross(world: World, account: Account, coin: str) -> bool:
    """The coin's position shares the account's margin."""
    return world.leverage(account, coin).cross


def initial(world: World, account: Account, coin: str, position: Position) -> Decimal:
    """Margin that a position binds at the mark price."""
    notional = abs(position.size) * world.books[coin].mark
    return notional / world.leverage(account, coin).value


def maintenance(world: World, coin: str, position: Position) -> Decimal:
    """Margin below which the position is liquidated."""
    leverage = world.universe.markets[coin].max_leverage
    return abs(position.size) * world.books[coin].mark / (2 * leverage)


def margin_used(world: World, account: Account, *, cross_only: bool = False) -> Decimal:
    """Margin of all positions."""
    total = ZERO
    for coin, position in account.positions.items():
        if is_cross(world, account, coin):
            total += initial(world, account, coin, position)
        elif not cross_only:
            total += isolated_value(world, account, coin)
    return total


def bound(world: World, account: Account, extra: Order | None = None) -> Decimal:
    """Cross margin bound by positions and by what resting orders could make of them.

    Of each coin the worse side counts: all buys filled, or all sells.
    """
    orders = [*account.open_orders, *([extra] if extra else [])]
    coins = set(account.positions) | {order.market.coin for order in orders}
    coins = {coin for coin in coins if not world.books[coin].market.spot}
    return sum((_bound_in(world, account, coin, orders) for coin in coins), ZERO)


def _bound_in(world: World, account: Account, coin: str, orders: list[Order]) -> Decimal:
    size = account.position_size(coin)
    mine = [
        order
        for order in orders
        if order.market.coin == coin
        and not order.reduce_only
        and order.trigger is None
        and not order.waits_for_parent
    ]
    buys = sum((order.left for order in mine if order.buy), ZERO)
    sells = sum((order.left for order in mine if not order.buy), ZERO)
    worst = max(size + buys, sells - size, abs(size))
    if not is_cross(world, account, coin):
        worst -= abs(size)
    return worst * world.books[coin].mark / world.leverage(account, coin).value


def can_place(world: World, account: Account, order: Order) -> bool:
    """The free margin is enough for one more order."""
    if order.reduce_only or order.trigger is not None:
        return True
    before, after = bound(world, account), bound(world, account, order)
    return after <= before or after <= cross_value(world, account)


def can_fill(world: World, account: Account, order: Order, size: Decimal) -> bool:
    """The margin is still enough when a resting order comes to its turn."""
    held = account.position_size(order.market.coin)
    after = held + (size if order.buy else -size)
    if order.market.spot or abs(after) <= abs(held):
        return True
    grown = abs(after) - abs(held)
    leverage = world.leverage(account, order.market.coin).value
    more = grown * world.books[order.market.coin].mark / leverage
    used = margin_used(world, account, cross_only=True)
    return used + more <= cross_value(world, account)


def withdrawable(world: World, account: Account) -> Decimal:
    """What may leave the perpetual side."""
    value = cross_value(world, account)
    notional = sum(
        (abs(p.size) * world.books[coin].mark for coin, p in account.positions.items()), ZERO
    )
    return max(ZERO, value - max(bound(world, account), notional / 10))


def liquidation_price(world: World, account: Account, coin: str) -> Decimal | None:
    """Where the position would be liquidated, all else equal; None if nowhere."""
    position = account.positions[coin]
    side = 1 if position.size > 0 else -1
    own = maintenance(world, coin, position)
    if is_cross(world, account, coin):
        others = (
            maintenance(world, other, held)
            for other, held in account.positions.items()
            if is_cross(world, account, other)
        )
        available = cross_value(world, account) - sum(others, ZERO)
    else:
        available = isolated_value(world, account, coin) - own
    rate = 1 / Decimal(2 * world.universe.markets[coin].max_leverage)
    price = world.books[coin].mark - side * available / abs(position.size) / (1 - rate * side)
    return price if price > 0 else None


def spot_hold(account: Account, token: str) -> Decimal:
    """How much of a spot coin is bound by resting orders."""
    held = ZERO
    for order in account.open_orders:
        if order.market.spot and order.buy and order.market.quote == token:
            held += order.left * order.px
        elif order.market.spot and not order.buy and order.market.base == token:
            held += order.left
    return held
