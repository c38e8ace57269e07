"""What a portfolio decides: when a rebalance begins, how it goes on, and when it is over."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.events import Event, Info, PortfolioRebalanced, Warning
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.core.plan import View
from nimbus_tui.strategies.portfolio_orders import (
    Desk,
    Intents,
    Leg,
    Phase,
    PortfolioState,
    Round,
    budget,
    intents,
    sized_buys,
)
from nimbus_tui.strategies.portfolio_weights import (
    HUNDRED,
    ZERO,
    Holdings,
    PortfolioConfig,
    Weights,
    holdings,
    is_beyond,
    off_target,
    weights,
)


class Outcome(msgspec.Struct, frozen=True):
    """A state, and what is to be told about how it came to be."""

    state: PortfolioState
    events: tuple[Event, ...] = ()


# when a rebalance begins


def earliest(config: PortfolioConfig, state: PortfolioState) -> int:
    """Before this moment (ns) no rebalance begins."""
    return 0 if state.finished_at is None else state.finished_at + config.min_interval_ns


def next_by_time(config: PortfolioConfig, state: PortfolioState) -> int | None:
    """When a rebalance is due whatever the drift, ns; 0 = at once, None = never."""
    interval = config.interval_ns
    if interval is None:
        return None
    return 0 if state.finished_at is None else state.finished_at + interval


def is_due(config: PortfolioConfig, state: PortfolioState, held: Holdings, now: int) -> bool:
    """Whether a rebalance should begin: nothing is bought yet, drift, or time."""
    if held.total <= ZERO or now < earliest(config, state):
        return False
    if held.is_empty:
        return True
    by_time = next_by_time(config, state)
    if by_time is not None and now >= by_time:
        return True
    return config.watches_drift and is_beyond(config, held, state.remained)


def decide(desk: Desk, state: PortfolioState, view: View) -> Outcome:
    """Begin a rebalance, take the one under way as far as it goes, or leave all as it is."""
    if state.round is not None:
        return advanced(desk, state, view)
    held = holdings(desk.config, view)
    # While orders of an abandoned round live, nothing new may count on what they will do.
    if view.live or not view.may_add or not is_due(desk.config, state, held, view.now):
        return Outcome(state)
    wanted = intents(desk, held)
    if not wanted.legs:
        return _nothing_to_trade(desk, state, held, wanted, view.now)
    number = state.rounds + 1
    begun = Round(number=number, legs=wanted.legs, before=weights(desk.config, held))
    state = msgspec.structs.replace(state, rounds=number, round=begun)
    outcome = advanced(desk, state, view)
    told = _left_note(desk, number, wanted.small)
    return Outcome(outcome.state, (*told, *outcome.events))


def _nothing_to_trade(
    desk: Desk, state: PortfolioState, held: Holdings, wanted: Intents, now: int
) -> Outcome:
    """Every order would be too small: say so once, and wait for more drift."""
    remained = off_target(desk.config, held)
    text = f"nothing to rebalance with: {_why(remained, wanted.small)}" if remained else ""
    told = (Warning(message=text),) if text and text != state.warned else ()
    state = msgspec.structs.replace(state, finished_at=now, remained=remained, warned=text)
    return Outcome(state, told)


def _left_note(desk: Desk, number: int, small: Weights) -> tuple[Event, ...]:
    if not small:
        return ()
    left = ", ".join(f"{asset} {amount:.2f}" for asset, amount in small.items())
    quote = desk.config.quote
    return (Info(message=f"rebalance {number} leaves what is too small to trade: {left} {quote}"),)


def _why(remained: Weights, small: Weights) -> str:
    """Each drift with the reason that it is left, without figures that change every moment."""
    parts = []
    for asset, drift in remained.items():
        why = ", its order would be under the minimum" if asset in small else ""
        parts.append(f"{asset} is {abs(drift):.1f} points {_side(drift)} its target{why}")
    return "; ".join(parts)


def _side(drift: Decimal) -> str:
    return "above" if drift > ZERO else "below"


# a rebalance under way


def advanced(desk: Desk, state: PortfolioState, view: View) -> Outcome:
    """Take the round from sells to buys to the check, and into the next pass, as far as it goes."""
    while (current := state.round) is not None:
        current = tended(desk, current, view)
        state = msgspec.structs.replace(state, round=current)
        if current.working or view.live:
            break
        if not view.may_add and not _is_done(desk, view, current):
            break
        if current.phase is Phase.SELLING:
            state = msgspec.structs.replace(state, round=_buying(desk, current, view))
            continue
        outcome = _checked(desk, state, current, view)
        if outcome.state.round is None:
            return outcome
        state = outcome.state
    return Outcome(state)


def tended(desk: Desk, current: Round, view: View) -> Round:
    """Close the legs that no order can serve any more; let limit orders follow the price."""
    working = {leg.asset for leg in current.working}
    legs = tuple(
        _tended(desk, current, leg, view) if leg.asset in working else leg for leg in current.legs
    )
    return msgspec.structs.replace(current, legs=legs)


def _tended(desk: Desk, current: Round, leg: Leg, view: View) -> Leg:
    price = view.prices[desk.config.symbol(leg.asset)]
    rests = current.key(leg) in view.live
    if not rests:
        instrument = desk.instrument(leg.asset)
        if not instrument.sellable(leg.remaining, price) or has_run(desk.config, leg, price):
            return msgspec.structs.replace(leg, closed=True)
    if desk.config.order_type is OrderType.MARKET:
        return leg
    return _pegged(desk, leg, price, view.now)


def has_run(config: PortfolioConfig, leg: Leg, price: Decimal) -> bool:
    """Whether the market has moved against a leg by more than the slippage allowed."""
    worse = (price - leg.price) * leg.side.sign
    return worse > leg.price * config.max_slippage / HUNDRED


def _pegged(desk: Desk, leg: Leg, price: Decimal, now: int) -> Leg:
    """A limit order at the newest price, moved only when it has had its time."""
    if leg.limit_price is not None and now < leg.pegged_at + desk.config.reprice_after_ns:
        return leg
    if has_run(desk.config, leg, price):
        return msgspec.structs.replace(leg, closed=True)
    limit = desk.instrument(leg.asset).round_price(price, leg.side)
    return msgspec.structs.replace(leg, limit_price=limit, pegged_at=now)


def _buying(desk: Desk, current: Round, view: View) -> Round:
    """The sells are done: size the buys by the cash that is really there."""
    held = holdings(desk.config, view)
    sells = [leg for leg in current.legs if leg.side is Side.SELL]
    buys = [leg for leg in current.legs if leg.side is Side.BUY]
    sized = sized_buys(desk, buys, held, budget(desk, held))
    return msgspec.structs.replace(current, phase=Phase.BUYING, legs=(*sells, *sized))


def _is_done(desk: Desk, view: View, current: Round) -> bool:
    """Whether every order is done and every asset on its target, so that nothing need be added."""
    return current.phase is Phase.BUYING and not off_target(
        desk.config, holdings(desk.config, view)
    )


def _checked(desk: Desk, state: PortfolioState, current: Round, view: View) -> Outcome:
    """All orders are done: is every asset on its target? Else one more pass, if one can help."""
    held = holdings(desk.config, view)
    orders = current.orders + sum(leg.orders for leg in current.legs)
    current = msgspec.structs.replace(current, orders=orders)
    remained = off_target(desk.config, held)
    wanted = intents(desk, held) if remained else Intents()
    if wanted.legs and current.turn < desk.config.max_passes:
        again = msgspec.structs.replace(
            current, turn=current.turn + 1, phase=Phase.SELLING, legs=wanted.legs
        )
        return Outcome(msgspec.structs.replace(state, round=again))
    return _finished(desk, state, current, view, _failure(current, remained, wanted))


def _failure(current: Round, remained: Weights, wanted: Intents) -> str:
    if not remained:
        return ""
    passes = f" after {current.turn} passes" if wanted.legs else ""
    return f"rebalance {current.number} ended{passes}, but {_why(remained, wanted.small)}"


def _finished(
    desk: Desk, state: PortfolioState, current: Round, view: View, failure: str
) -> Outcome:
    held = holdings(desk.config, view)
    events: list[Event] = []
    if current.orders:
        after = weights(desk.config, held)
        events.append(
            PortfolioRebalanced(
                before=current.before, after=after, orders=current.orders, cost=current.cost
            )
        )
    if failure:
        events.append(Warning(message=failure))
    state = msgspec.structs.replace(
        state,
        round=None,
        finished_at=view.now,
        remained=off_target(desk.config, held) if failure else {},
        warned="",
    )
    return Outcome(state, tuple(events))
