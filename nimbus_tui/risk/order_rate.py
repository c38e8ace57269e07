"""How many orders leave a minute: token buckets with a share kept for cancels and exits."""

from decimal import ROUND_CEILING, Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND

ZERO = Decimal(0)
ONE = Decimal(1)
MINUTE_NS = 60 * NS_PER_SECOND
RESERVED = Decimal("0.2")
"""Share of the rate that adding orders leave to cancels and reducing orders."""


class TokenBucket(msgspec.Struct, frozen=True):
    """Tokens that were left at a time; it fills evenly to a minute's worth."""

    spent: Decimal = ZERO
    """How far under full it was at `at_ns`."""
    at_ns: int = 0

    def spent_at(self, now_ns: int, per_minute: Decimal) -> Decimal:
        """How far under full it is now."""
        back = per_minute * max(0, now_ns - self.at_ns) / MINUTE_NS
        return max(ZERO, self.spent - back)

    def taken(self, now_ns: int, per_minute: Decimal, most: Decimal) -> "TokenBucket":
        """After one more order; never further down than *most*."""
        spent = min(most, self.spent_at(now_ns, per_minute) + ONE)
        return TokenBucket(spent, max(now_ns, self.at_ns))


class OrderRate(msgspec.Struct, frozen=True):
    """What a bot has sent lately."""

    seconds: tuple[tuple[int, int], ...] = ()
    """Orders and cancels sent by second since the epoch, over the last minute."""
    all_orders: TokenBucket = TokenBucket()
    adding: TokenBucket = TokenBucket()
    """What adding orders have used of the throttled rate."""

    def per_minute(self, now_ns: int) -> int:
        """Orders and cancels sent in the last minute."""
        first = now_ns // NS_PER_SECOND - 60
        return sum(count for second, count in self.seconds if second > first)


def sent(
    rate: OrderRate, now_ns: int, *, adds: bool, order_rate: Decimal, throttle_rate: Decimal
) -> OrderRate:
    """After one order or cancel; `adds` for an order that adds exposure."""
    second = now_ns // NS_PER_SECOND
    kept = {at: count for at, count in rate.seconds if at > second - 60}
    kept[second] = kept.get(second, 0) + 1
    throttled = rate.adding
    if adds:
        throttled = throttled.taken(now_ns, throttle_rate, throttle_rate)
    return OrderRate(
        tuple(sorted(kept.items())),
        rate.all_orders.taken(now_ns, order_rate, order_rate),
        throttled,
    )


def adding_left(rate: OrderRate, now_ns: int, order_rate: Decimal) -> int:
    """How many adding orders may leave now; the reserved share is not for them."""
    # Even a rate of one a minute lets one through.
    open_to_adding = max(ONE, order_rate * (ONE - RESERVED))
    return max(0, int(open_to_adding - rate.all_orders.spent_at(now_ns, order_rate)))


def throttled_left(rate: OrderRate, now_ns: int, throttle_rate: Decimal) -> int:
    """How many adding orders may leave now while the bot is throttled."""
    most = max(ONE, throttle_rate)
    return max(0, int(most - rate.adding.spent_at(now_ns, throttle_rate)))


def next_adding_ns(rate: OrderRate, now_ns: int, order_rate: Decimal) -> int:
    """When the next adding order may leave by the order rate; now where it may already."""
    open_to_adding = max(ONE, order_rate * (ONE - RESERVED))
    return _free_at(rate.all_orders, now_ns, order_rate, open_to_adding)


def next_throttled_ns(rate: OrderRate, now_ns: int, throttle_rate: Decimal) -> int:
    """The same for the throttled rate."""
    return _free_at(rate.adding, now_ns, throttle_rate, max(ONE, throttle_rate))


def _free_at(bucket: TokenBucket, now_ns: int, per_minute: Decimal, room: Decimal) -> int:
    excess = bucket.spent_at(now_ns, per_minute) + ONE - room
    if excess <= ZERO:
        return now_ns
    wait = (excess * MINUTE_NS / per_minute).to_integral_value(ROUND_CEILING)
    return now_ns + int(wait)
