"""What one rebalance trades: its orders, what has come of them, and the state that keeps both."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from nimbus_tui.accounting.fees import fee_value
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Asset, OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Order, Side
from nimbus_tui.strategies.base import StrategyState
from nimbus_tui.strategies.portfolio_weights import (
    HUNDRED,
    ONE,
    ZERO,
    Holdings,
    PortfolioConfig,
    Weights,
    least_order,
)

PREFIX = "rebalance/"
ROUNDS_RECALLED = 16
"""How many rounds a power cut may have taken from the journal."""
PARTS_RECALLED = range(1, 9)
"""Which parts of each order are looked for afterwards."""


class Phase(Enum):
    """How far a pass has come."""

    SELLING = "selling"
    BUYING = "buying"


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass intends with one asset, and what has come of it."""

    asset: Asset
    side: Side
    value: Decimal
    """What is to be traded, in quote, when the pass was planned."""
    price: Decimal
    """Price of that moment."""
    quantity: Decimal = ZERO
    """What is to be traded, in the asset; a buy gets it when the proceeds are there."""
    filled: Decimal = ZERO
    spent: Decimal = ZERO
    """Filled under the keys of former parts."""
    part: int = 1
    orders: int = 0
    """How many orders have filled, in part or whole."""
    closed: bool = False
    """Whether what is left is left: too small for an order, or the market has run away."""
    limit_price: Decimal | None = None
    pegged_at: int = 0
    """When the limit price was set, ns."""

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet, in the asset."""
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        """Whether an order is still wanted."""
        return not self.closed and self.remaining > ZERO


def order_key(number: int, turn: int, asset: Asset, part: int) -> OrderKey:
    """The key of one part of what one pass of a round intends with an asset."""
    suffix = f"/p{part}" if part > 1 else ""
    return OrderKey(f"{PREFIX}{number}.{turn}/{asset}{suffix}")


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One rebalance under way."""

    number: int
    turn: int = 1
    """Number of the pass."""
    phase: Phase = Phase.SELLING
    legs: tuple[Leg, ...] = ()
    before: Weights
    orders: int = 0
    """Orders that have filled in former passes."""
    cost: Decimal = ZERO

    def key(self, leg: Leg) -> OrderKey:
        """E.g. `rebalance/4.1/SOL`, and `rebalance/4.1/SOL/p2` for what the first order left."""
        return order_key(self.number, self.turn, leg.asset, leg.part)

    @property
    def working(self) -> tuple[Leg, ...]:
        """The legs of this phase for which an order is still wanted."""
        side = Side.SELL if self.phase is Phase.SELLING else Side.BUY
        return tuple(leg for leg in self.legs if leg.side is side and leg.is_open)


class PortfolioState(StrategyState, frozen=True, kw_only=True):
    """What a portfolio remembers."""

    rounds: int = 0
    """Number of the newest rebalance."""
    round: Round | None = None
    finished_at: int | None = None
    """When the last rebalance ended (or found nothing to trade), ns."""
    remained: Weights = msgspec.field(default_factory=dict)
    """Drifts that the last rebalance could not mend."""
    warned: str = ""
    turnover: Decimal = ZERO
    cost: Decimal = ZERO
    """Fees of all rebalances, in quote."""


def keys_ahead(state: PortfolioState, config: PortfolioConfig) -> Iterator[OrderKey]:
    """The keys of later passes, parts and rounds, which a power cut may have taken.

    Those that the round under way has come to are not among them: it asks for them by itself.
    """
    for number in range(state.rounds, state.rounds + 1 + ROUNDS_RECALLED):
        for turn in range(1, config.max_passes + 1):
            for coin in config.coins:
                for part in PARTS_RECALLED:
                    key = order_key(number, turn, coin, part)
                    if not _is_known(state, key):
                        yield key


def _is_known(state: PortfolioState, key: OrderKey) -> bool:
    """Whether the newest round has come to this key already, or has ended without it."""
    words = key.removeprefix(PREFIX).split("/")
    if int(words[0].split(".")[0]) != state.rounds:
        return False
    return state.round is None or _has_come_to(state.round, words)


def recalled(state: PortfolioState, key: OrderKey) -> PortfolioState:
    """An order under a key exists: its round's number is used up.

    Where it belongs to the round under way, but to a later pass or part than that has come to, the
    round is given up, and what is really held decides whether another begins.
    """
    words = key.removeprefix(PREFIX).split("/")
    number = int(words[0].split(".")[0])
    current = state.round
    if number > state.rounds:
        return msgspec.structs.replace(state, rounds=number)
    if current is None or number != current.number or _has_come_to(current, words):
        return state
    return msgspec.structs.replace(state, round=None)


def _has_come_to(current: Round, words: Sequence[str]) -> bool:
    turn = int(words[0].split(".")[1])
    part = int(words[2].removeprefix("p")) if len(words) > 2 else 1
    newest = max((leg.part for leg in current.legs if leg.asset == words[1]), default=0)
    return turn < current.turn or (turn == current.turn and part <= newest)


class Desk(msgspec.Struct, frozen=True):
    """What every decision needs to know beside the state."""

    config: PortfolioConfig
    instruments: Mapping[Symbol, Instrument]

    def instrument(self, coin: Asset) -> Instrument:
        """Where a coin is traded."""
        return self.instruments[self.config.symbol(coin)]

    def is_order(self, coin: Asset, quantity: Decimal, price: Decimal) -> bool:
        """Whether a quantity is worth an order of its own."""
        instrument = self.instrument(coin)
        least = least_order(self.config, instrument)
        return instrument.sellable(quantity, price) and quantity * price >= least


# what a rebalance trades


class Intents(msgspec.Struct, frozen=True):
    """The orders that bring every asset to its target."""

    legs: tuple[Leg, ...] = ()
    small: Weights = msgspec.field(default_factory=dict)
    """What is left since it is too small for an order, in quote by asset."""


def intents(desk: Desk, held: Holdings) -> Intents:
    """What each asset is above its target is sold, what it is below is bought.

    Buys come to no more than what is there once the sells are done, fees in.
    """
    legs, small = [], {}
    for coin in desk.config.coins:
        price = held.prices[coin]
        excess = held.value(coin) - held.total * desk.config.target(coin) / HUNDRED
        quantity = desk.instrument(coin).round_quantity(abs(excess) / price)
        side = Side.SELL if excess > ZERO else Side.BUY
        if desk.is_order(coin, quantity, price):
            size = quantity if side is Side.SELL else ZERO
            leg = Leg(asset=coin, side=side, value=abs(excess), price=price, quantity=size)
            legs.append(leg)
        elif quantity:
            small[coin] = quantity * price
    sells = [leg for leg in legs if leg.side is Side.SELL]
    buys = [leg for leg in legs if leg.side is Side.BUY]
    proceeds = sum((_proceeds(desk, leg) for leg in sells), ZERO)
    sized = sized_buys(desk, buys, held, budget(desk, held) + proceeds)
    small |= {leg.asset: leg.value for leg in sized if leg.closed}
    hopeless = {leg.asset for leg in sized if leg.closed}
    kept = [leg for leg in buys if leg.asset not in hopeless]
    return Intents((*sells, *kept), small)


def _proceeds(desk: Desk, leg: Leg) -> Decimal:
    return leg.quantity * leg.price * (1 - _fee(desk, leg.asset))


def _fee(desk: Desk, coin: Asset) -> Decimal:
    instrument = desk.instrument(coin)
    return max(instrument.taker_fee, instrument.maker_fee, ZERO)


def budget(desk: Desk, held: Holdings) -> Decimal:
    """What buying may cost: all cash beyond the quote's own target."""
    return held.cash - held.total * desk.config.target(desk.config.quote) / HUNDRED


def sized_buys(desk: Desk, buys: Sequence[Leg], held: Holdings, most: Decimal) -> list[Leg]:
    """Quantities for the buys, all shrunk in the same proportion until they cost no more.

    One that has become too small for an order is closed.
    """
    wanted = sum((leg.value * (1 + _fee(desk, leg.asset)) for leg in buys), ZERO)
    share = min(ONE, max(ZERO, most) / wanted) if wanted else ZERO
    sized = []
    for leg in buys:
        price = held.prices[leg.asset]
        quantity = desk.instrument(leg.asset).round_quantity(leg.value * share / price)
        is_order = desk.is_order(leg.asset, quantity, price)
        sized.append(
            msgspec.structs.replace(
                leg, quantity=quantity if is_order else ZERO, closed=not is_order
            )
        )
    return sized


# what comes back


def absorb_fill(state: PortfolioState, fill: Fill, instrument: Instrument) -> PortfolioState:
    """Count a fill on its leg; one of a former part is part of what that part has spent."""
    if fill.key is None or not fill.key.startswith(PREFIX):
        return state
    fee = fee_value(fill, instrument) or ZERO
    state = msgspec.structs.replace(
        state, turnover=state.turnover + fill.notional, cost=state.cost + fee
    )
    current = state.round
    if current is None or not fill.key.startswith(f"{PREFIX}{current.number}."):
        return state
    legs = tuple(_with_fill(current, leg, fill) for leg in current.legs)
    current = msgspec.structs.replace(current, legs=legs, cost=current.cost + fee)
    return msgspec.structs.replace(state, round=current)


def _with_fill(current: Round, leg: Leg, fill: Fill) -> Leg:
    key = current.key(leg)
    if str(fill.key).partition("/p")[0] != key.partition("/p")[0]:
        return leg
    changes: dict[str, Any] = {"filled": leg.filled + fill.quantity}
    if fill.key != key:
        changes["spent"] = leg.spent + fill.quantity
    elif leg.filled == leg.spent:
        changes["orders"] = leg.orders + 1
    return msgspec.structs.replace(leg, **changes)


def order_ended(state: PortfolioState, order: Order) -> PortfolioState:
    """An order ended with a part filled: its key is spent, the rest is the next part's."""
    current = state.round
    if current is None:
        return state
    legs = tuple(
        msgspec.structs.replace(leg, part=leg.part + 1, spent=leg.filled, limit_price=None)
        if current.key(leg) == order.key
        else leg
        for leg in current.legs
    )
    return msgspec.structs.replace(state, round=msgspec.structs.replace(current, legs=legs))
