"""What the limits make of a plan's new orders: let through, cut, halved, delayed or refused.

Only orders that add exposure are touched. One that reduces, together with the others that stay,
never is: no rule of the levels 1 to 3 may keep a position from getting smaller.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.allowances import Allowance
from nimbus_tui.risk.situation import WAITS, Situation
from nimbus_tui.risk.states import worst_quantity
from nimbus_tui.risk.validation import Balances, objection

ZERO = Decimal(0)
TWO = Decimal(2)


class Shaped(msgspec.Struct, frozen=True):
    """Orders as they may leave, and what is objected to: those are in `orders` too."""

    orders: tuple[DesiredOrder, ...]
    problems: dict[OrderKey, str]
    """Why an order, as it is in `orders`, may not leave."""
    cut: dict[OrderKey, str]
    """Why an order is smaller than it was wished."""


class _Candidate(msgspec.Struct, frozen=True):
    """An order that was let through, and what it adds to the worst position, in quote."""

    order: DesiredOrder
    adds: Decimal

    def counts_to(self, allowance: Allowance) -> bool:
        """Whether it uses an allowance."""
        return self.adds > ZERO and allowance.counts(self.order.symbol)


def shaped(orders: Sequence[DesiredOrder], situation: Situation) -> Shaped:
    """Look at each order in the plan's sequence, with those before it counted as placed."""
    return _Shaping(orders, situation).result()


class _Shaping:
    """One pass over one plan; counts what it lets through."""

    def __init__(self, orders: Sequence[DesiredOrder], situation: Situation) -> None:
        self._situation = situation
        self._wished = orders
        self._keys = {order.key for order in orders}
        self._balances = Balances(situation)
        self._through: list[_Candidate] = []
        self._problems: dict[OrderKey, str] = {}
        self._cut: dict[OrderKey, str] = {}
        # At a pause only what reduces is left, and that is not for the limits to judge.
        self._limits = situation.step < RiskStep.PAUSE and (
            situation.step is RiskStep.THROTTLE
            or bool(situation.allowances or situation.refusal)
            or situation.adding_left is not None
        )

    def result(self) -> Shaped:
        """Every order, in the plan's sequence."""
        seen: set[OrderKey] = set()
        orders = []
        for order in self._wished:
            if order.key in seen:
                self._cut[order.key] = "duplicate: a second order under this key is left out"
                continue
            seen.add(order.key)
            orders.append(self._looked_at(order))
        self._drop_shares_too_large()
        return Shaped(tuple(orders), self._problems, self._cut)

    def _looked_at(self, order: DesiredOrder) -> DesiredOrder:
        if self._situation.rests_as_wished(order) or self._stays_smaller(order):
            resting = self._situation.live[order.key]
            return resting.wish() if resting.quantity != order.quantity else order
        problem = objection(order, self._situation)
        if not problem:
            order, problem = self._limited(order)
        if not problem:
            problem = self._balances.objection(order)
        if problem:
            self._problems[order.key] = problem
        else:
            adds = self._adds(order) if self._limits else ZERO
            self._through.append(_Candidate(order, adds))
        return order

    def _stays_smaller(self, order: DesiredOrder) -> bool:
        """Whether an order rests at less than its size, and throttle leaves it there."""
        resting = self._situation.live.get(order.key)
        if resting is None or self._situation.step is not RiskStep.THROTTLE:
            return False
        same = (resting.symbol, resting.side, resting.price)
        return same == (order.symbol, order.side, order.price) and resting.quantity < order.quantity

    def _limited(self, order: DesiredOrder) -> tuple[DesiredOrder, str]:
        """The order as the limits allow it, or itself with the reason why not at all."""
        if not self._limits:
            return order, ""
        room = self._room_to_reduce(order)
        if order.quantity - self._filled(order) <= room:
            return order, ""
        smaller = order
        if self._situation.step is RiskStep.THROTTLE:
            smaller = self._halved(order)
            problem = "" if smaller.quantity > ZERO else "a half of it is nothing"
            problem = problem or objection(smaller, self._situation)
            if problem:
                return self._only_reducing(order, room, f"{WAITS} throttle halves it: {problem}")
        problem = self._refusal(smaller)
        if problem:
            return self._only_reducing(order, room, problem)
        if smaller is not order:
            self._cut[order.key] = f"throttle: {smaller.quantity:f} instead of {order.quantity:f}"
        return smaller, ""

    def _refusal(self, order: DesiredOrder) -> str:
        """Why an order that adds may not leave now, with the rule and both numbers."""
        situation = self._situation
        if situation.refusal:
            return situation.refusal
        adding = [one for one in self._through if one.adds > ZERO]
        rates = (
            ("order rate", situation.adding_left, situation.limits.order_rate),
            (
                "throttle rate",
                situation.throttled_left if situation.step is RiskStep.THROTTLE else None,
                situation.limits.throttle_rate,
            ),
        )
        for name, left, limit in rates:
            if left is not None and len(adding) >= left:
                return f"{WAITS} {name}: {left} may leave now, the limit is {limit:f} a minute"
        adds = self._adds(order)
        for one in situation.allowances:
            if one.total is None and one.counts(order.symbol):
                problem = one.objection(adds + self._added(one.counts), ZERO)
                if problem:
                    return problem
        return ""

    def _drop_shares_too_large(self) -> None:
        """A share is of everything that is let through, so it is looked at when all of it is known.

        Each round drops the last order of a share that is too large; fewer are left each time.
        """
        shares = [one for one in self._situation.allowances if one.total is not None]
        again = True
        while again:
            again = False
            in_all = self._added(lambda _: True)
            for share in shares:
                adding = [one for one in self._through if one.counts_to(share)]
                problem = share.objection(self._added(share.counts), in_all) if adding else ""
                if problem:
                    self._through.remove(adding[-1])
                    self._problems[adding[-1].order.key] = problem
                    again = True
                    break

    def _added(self, counts: Callable[[Symbol], bool]) -> Decimal:
        return sum((one.adds for one in self._through if counts(one.order.symbol)), ZERO)

    def _adds(self, order: DesiredOrder) -> Decimal:
        """How much larger an order makes the worst position, in quote, after those before it."""
        symbol = order.symbol
        buys, sells = (self._resting(symbol, side) for side in (Side.BUY, Side.SELL))
        position = self._situation.position(symbol)
        before = worst_quantity(position, buys, sells)
        change = order.quantity - self._filled(order) - self._replaced(order)
        if order.side is Side.BUY:
            buys += change
        else:
            sells += change
        more = worst_quantity(position, buys, sells) - before
        return max(ZERO, more) * self._situation.prices.get(symbol, order.price or ZERO)

    def _resting(self, symbol: Symbol, side: Side) -> Decimal:
        """What rests on one side of a symbol, and what has been let through so far."""
        resting = sum(
            (
                order.remaining
                for order in self._situation.live.values()
                if (order.symbol, order.side) == (symbol, side)
            ),
            ZERO,
        )
        new = sum(
            (
                one.order.quantity - self._filled(one.order) - self._replaced(one.order)
                for one in self._through
                if (one.order.symbol, one.order.side) == (symbol, side)
            ),
            ZERO,
        )
        return max(ZERO, resting + new)

    def _room_to_reduce(self, order: DesiredOrder) -> Decimal:
        """What the position leaves to an order against it, beside the others that stay."""
        situation = self._situation
        if not situation.reduces(order):
            return ZERO
        new = {one.order.key for one in self._through}
        staying = sum(
            (
                resting.remaining
                for key, resting in situation.live.items()
                if (resting.symbol, resting.side) == (order.symbol, order.side)
                and key in self._keys - new - {order.key}
            ),
            ZERO,
        )
        placed = sum(
            (
                one.order.quantity - self._filled(one.order)
                for one in self._through
                if (one.order.symbol, one.order.side) == (order.symbol, order.side)
            ),
            ZERO,
        )
        return max(ZERO, abs(situation.position(order.symbol)) - staying - placed)

    def _only_reducing(
        self, order: DesiredOrder, room: Decimal, problem: str
    ) -> tuple[DesiredOrder, str]:
        """What of a refused order still reduces; the order and the reason where nothing does."""
        instrument = self._situation.instruments[order.symbol]
        quantity = instrument.round_quantity(room)
        if quantity <= ZERO:
            return order, problem
        cut = msgspec.structs.replace(
            order,
            quantity=self._filled(order) + quantity,
            reduce_only=order.reduce_only or instrument.market is MarketType.PERPETUAL,
        )
        if objection(cut, self._situation):
            return order, problem
        self._cut[order.key] = f"cut to what reduces: {problem}"
        return cut, ""

    def _halved(self, order: DesiredOrder) -> DesiredOrder:
        """Half of what adds; what reduces stays whole."""
        room = self._room_to_reduce(order)
        whole = self._filled(order) + room
        if order.quantity <= whole:
            return order
        instrument = self._situation.instruments[order.symbol]
        quantity = instrument.round_quantity(whole + (order.quantity - whole) / TWO)
        return msgspec.structs.replace(order, quantity=quantity)

    def _filled(self, order: DesiredOrder) -> Decimal:
        return self._situation.filled.get(order.key, ZERO)

    def _replaced(self, order: DesiredOrder) -> Decimal:
        """What rests under the key now on that side: it goes before the new one comes."""
        resting = self._situation.live.get(order.key)
        same = resting is not None and (
            (resting.symbol, resting.side) == (order.symbol, order.side)
        )
        return resting.remaining if resting is not None and same else ZERO
