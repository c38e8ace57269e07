"""A second opinion on the portfolio bot: one plain loop over prices, written from the rules alone.

It shares no line with the product, so that the same mistake would have to be made twice. It looks
at every weight on every tick. It knows one kind of portfolio: market orders that fill whole at the
next price of their coin, bought from cash.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]


class Rules(NamedTuple):
    """The portfolio's parameters and the instruments' grain; percentages are in points."""

    targets: Mapping[str, Decimal]
    """By coin; what is missing to 100 is the target of the cash."""
    lots: Mapping[str, Decimal]
    capital: Decimal = Decimal(10_000)
    threshold: Decimal = Decimal(5)
    relative: bool = False
    min_interval: int = 3600 * 10**9
    interval: int | None = None
    drift_counts: bool = True
    tolerance: Decimal = Decimal(1)
    max_passes: int = 3
    max_slippage: Decimal = Decimal("0.5")
    min_notional: Decimal = Decimal(10)
    fee: Decimal = Decimal(0)


class Fill(NamedTuple):
    """One order filled whole; `fee` is in the quote."""

    ts: int
    key: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal


class Wanted(NamedTuple):
    """What a pass wants with a coin, in quote, and the price when it was wanted."""

    coin: str
    side: Side
    value: Decimal
    price: Decimal


class Loop:
    """The portfolio between two ticks."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.cash_target = 100 - sum(rules.targets.values())
        self.cash = rules.capital
        self.held = dict.fromkeys(rules.targets, Decimal(0))
        self.prices: dict[str, Decimal] = {}
        self.pending: dict[str, tuple[str, Side, Decimal]] = {}
        self.fills: list[Fill] = []
        self.rounds = 0
        self.number = 0
        """Of the pass; 0 = no rebalance goes on."""
        self.buying = False
        self.buys: list[Wanted] = []
        self.ended: int | None = None
        self.left: dict[str, Decimal] = {}
        self.warnings = 0

    # the account

    def value(self, coin: str) -> Decimal:
        return self.held[coin] * self.prices[coin]

    def total(self) -> Decimal:
        return self.cash + sum(self.value(coin) for coin in self.held)

    def drifts(self) -> dict[str, Decimal]:
        total, rules = self.total(), self.rules
        found = {c: self.value(c) * 100 / total - t for c, t in rules.targets.items()}
        if self.cash_target:
            found["cash"] = self.cash * 100 / total - self.cash_target
        return found

    def limit(self, asset: str) -> Decimal:
        target = self.cash_target if asset == "cash" else self.rules.targets[asset]
        return target * self.rules.threshold / 100 if self.rules.relative else self.rules.threshold

    # time and prices

    def tick(self, ts: int, coin: str, price: Decimal) -> None:
        """First what falls due before the tick, then its fills, then what follows from them."""
        for due in sorted({due for due in self.due_times() if due <= ts}):
            if not self.number:
                self.think(due)
        if coin in self.pending:
            self.fill(ts, coin, price)
        self.prices[coin] = price
        if len(self.prices) == len(self.rules.targets):
            self.think(ts)

    def due_times(self) -> list[int]:
        if self.ended is None:
            return []
        waits = [self.rules.min_interval, self.rules.interval]
        return [self.ended + wait for wait in waits if wait is not None]

    def fill(self, ts: int, coin: str, price: Decimal) -> None:
        key, side, quantity = self.pending.pop(coin)
        fee = price * quantity * self.rules.fee
        sign = 1 if side == "buy" else -1
        self.held[coin] += sign * quantity
        self.cash -= sign * price * quantity + fee
        self.fills.append(Fill(ts, key, side, price, quantity, fee))

    # decisions

    def think(self, now: int) -> None:
        if self.pending:
            return
        if not self.number:
            if not self.is_due(now):
                return
            sells, buys = self.wishes()
            if not sells and not buys:
                self.end(now, traded=False)
                return
            self.rounds += 1
            self.number = 1
            self.begin(sells, buys)
        while self.number and not self.pending:
            if not self.buying:
                self.buy()
                continue
            sells, buys = self.wishes() if self.off_target() else ([], [])
            if self.number < self.rules.max_passes and (sells or buys):
                self.number += 1
                self.begin(sells, buys)
            else:
                self.end(now, traded=True)

    def is_due(self, now: int) -> bool:
        rules = self.rules
        if self.ended is not None and now < self.ended + rules.min_interval:
            return False
        if not any(self.held.values()):
            return True
        if rules.interval is not None and (
            self.ended is None or now >= self.ended + rules.interval
        ):
            return True
        return rules.drift_counts and any(
            self.has_drifted(*drift) for drift in self.drifts().items()
        )

    def has_drifted(self, asset: str, drift: Decimal) -> bool:
        left = self.left.get(asset, Decimal(0))
        if left * drift > 0:
            return abs(drift) > self.limit(asset) + abs(left)
        return abs(drift) >= self.limit(asset)

    def off_target(self) -> dict[str, Decimal]:
        allowed = self.rules.tolerance
        return {a: d for a, d in self.drifts().items() if abs(d) > min(allowed, self.limit(a))}

    def lots_of(self, coin: str, value: Decimal) -> Decimal:
        """Whole lots for a value; 0 where that is no order."""
        price, lot = self.prices[coin], self.rules.lots[coin]
        quantity = value / price // lot * lot
        return quantity if quantity * price >= self.rules.min_notional else Decimal(0)

    def wishes(self) -> tuple[list[Wanted], list[Wanted]]:
        """What is above its target is sold, what is below is bought with what the sells bring."""
        total = self.total()
        sells, buys, proceeds = [], [], Decimal(0)
        for coin, target in self.rules.targets.items():
            excess = self.value(coin) - total * target / 100
            quantity = self.lots_of(coin, abs(excess))
            if not quantity:
                continue
            wish = Wanted(coin, "sell" if excess > 0 else "buy", abs(excess), self.prices[coin])
            if excess > 0:
                sells.append(wish)
                proceeds += quantity * self.prices[coin] * (1 - self.rules.fee)
            else:
                buys.append(wish)
        spare = self.cash - total * self.cash_target / 100 + proceeds
        affordable = self.shrunk(buys, spare)
        return sells, [wish for wish in buys if affordable[wish.coin]]

    def shrunk(self, buys: list[Wanted], spare: Decimal) -> dict[str, Decimal]:
        """Quantities, all smaller by the same share where the cash doesn't reach."""
        cost = sum((wish.value * (1 + self.rules.fee) for wish in buys), Decimal(0))
        share = min(Decimal(1), max(Decimal(0), spare) / cost) if cost else Decimal(0)
        return {wish.coin: self.lots_of(wish.coin, wish.value * share) for wish in buys}

    def begin(self, sells: list[Wanted], buys: list[Wanted]) -> None:
        self.buys, self.buying = buys, False
        for wish in sells:
            self.send(wish, self.lots_of(wish.coin, wish.value))

    def buy(self) -> None:
        """The sells are done. A buy against which the market has run too far isn't sent."""
        self.buying = True
        spare = self.cash - self.total() * self.cash_target / 100
        quantities = self.shrunk(self.buys, spare)
        for wish in self.buys:
            highest = wish.price * (1 + self.rules.max_slippage / 100)
            if quantities[wish.coin] and self.prices[wish.coin] <= highest:
                self.send(wish, quantities[wish.coin])

    def send(self, wish: Wanted, quantity: Decimal) -> None:
        key = f"rebalance/{self.rounds}.{self.number}/{wish.coin}"
        self.pending[wish.coin] = (key, wish.side, quantity)

    def end(self, now: int, *, traded: bool) -> None:
        self.left = self.off_target()
        self.warnings += bool(self.left) and traded
        self.ended, self.number = now, 0


def portfolio_loop(ticks: Iterable[tuple[int, str, Decimal]], rules: Rules) -> Loop:
    """The portfolio after these (ts, coin, price) ticks, with all its fills."""
    loop = Loop(rules)
    for tick in ticks:
        loop.tick(*tick)
    return loop
