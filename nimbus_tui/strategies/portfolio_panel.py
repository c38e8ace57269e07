"""What a portfolio shows: its panel, its figures, and what it would do before it runs."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, OrderKey, Symbol
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.core.panels import DriftPanel, DriftRow, RowState
from nimbus_tui.core.plan import View
from nimbus_tui.core.preview import Preview, PreviewFigure
from nimbus_tui.strategies.base import PlainValue, StatisticValue
from nimbus_tui.strategies.portfolio_decisions import decide, earliest, next_by_time
from nimbus_tui.strategies.portfolio_orders import (
    Desk,
    Intents,
    Leg,
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
    Initial,
    PortfolioConfig,
    drifts,
    holdings,
    least_order,
    least_value,
    reach,
)

_POINTS = Decimal("0.01")
_MONEY = Decimal("0.01")


def panel(desk: Desk, state: PortfolioState, view: View | None) -> DriftPanel:
    """Every asset against its target; without a view only the targets."""
    config = desk.config
    held = holdings(config, view) if view is not None else None
    wanted = intents(desk, held) if held is not None and held.total > ZERO else Intents()
    rows = tuple(_row(desk, state, held, wanted, asset) for asset in config.assets)
    by_time = next_by_time(config, state)
    return DriftPanel(
        rows=rows,
        value=held.total if held is not None else None,
        quote=config.quote,
        round_number=state.rounds,
        is_rebalancing=state.round is not None,
        last_rebalance=state.finished_at,
        next_rebalance=by_time or None,
        note=_note(desk, state, view, held),
    )


def _note(desk: Desk, state: PortfolioState, view: View | None, held: Holdings | None) -> str:
    if view is None or held is None:
        return "waits for the first prices"
    if state.round is not None:
        paused = "" if view.may_add else "; paused, buys wait"
        return f"pass {state.round.turn}: {state.round.phase.value}{paused}"
    if held.total <= ZERO:
        return "there is nothing to rebalance"
    if view.now < earliest(desk.config, state):
        return f"rests for {desk.config.min_interval} after a rebalance"
    return ""


def _row(
    desk: Desk, state: PortfolioState, held: Holdings | None, wanted: Intents, asset: Asset
) -> DriftRow:
    target = desk.config.target(asset)
    if held is None:
        return DriftRow(asset=asset, target=target)
    weight = held.weight(asset)
    leg = _leg(state, wanted, asset)
    order = _order_of(state.round, leg)
    small = wanted.small.get(asset)
    return DriftRow(
        asset=asset,
        target=target,
        current=weight.quantize(_POINTS),
        drift=(weight - target).quantize(_POINTS),
        threshold=_threshold(desk.config, state, held, asset),
        quantity=held.cash if asset == held.quote else held.quantities[asset],
        value=held.value(asset),
        side=leg.side if leg is not None else None,
        amount=leg.value.quantize(_MONEY) if leg is not None else ZERO,
        key=order[0],
        state=order[1],
        note=f"{small:.2f} too small to trade" if small is not None and leg is None else "",
    )


def _leg(state: PortfolioState, wanted: Intents, asset: Asset) -> Leg | None:
    """What is being done about an asset, else what would be done."""
    legs = state.round.legs if state.round is not None else wanted.legs
    return next((leg for leg in legs if leg.asset == asset), None)


def _order_of(current: Round | None, leg: Leg | None) -> tuple[OrderKey | None, RowState]:
    if current is None or leg is None or leg.closed:
        return None, RowState.EMPTY
    if leg in current.working:
        return current.key(leg), RowState.WANTED
    waits = leg.side is Side.BUY and not leg.quantity
    return None, RowState.WAITING if waits else RowState.EMPTY


def _threshold(
    config: PortfolioConfig, state: PortfolioState, held: Holdings, asset: Asset
) -> Decimal | None:
    """The drift that would start a rebalance, on the side where the asset is now."""
    if asset not in config.targets or not config.watches_drift:
        return None
    low, high = reach(config, state.remained, asset)
    target = config.target(asset)
    limit = target - low if held.weight(asset) < target else high - target
    return limit.quantize(_POINTS)


def statistics(desk: Desk, state: PortfolioState, view: View | None) -> dict[str, StatisticValue]:
    """Rounds, value, drift, turnover, and every asset."""
    held = holdings(desk.config, view) if view is not None else None
    found: dict[str, StatisticValue] = {
        "rounds": state.rounds,
        "value": held.total.quantize(_MONEY) if held is not None else None,
        "largest_drift": _largest_drift(desk.config, held),
        "turnover": state.turnover.quantize(_MONEY),
        "rebalance_fees": state.cost.quantize(Decimal("1e-4")),
    }
    found["assets"] = [_asset(desk.config, held, asset) for asset in desk.config.assets]
    return found


def _largest_drift(config: PortfolioConfig, held: Holdings | None) -> Decimal | None:
    if held is None or held.total <= ZERO:
        return None
    return max(abs(d) for d in drifts(config, held).values()).quantize(_POINTS)


def _asset(config: PortfolioConfig, held: Holdings | None, asset: Asset) -> dict[str, PlainValue]:
    target = config.target(asset)
    row: dict[str, PlainValue] = {
        "asset": asset,
        "symbol": None if asset == config.quote else config.symbol(asset),
        "target": target,
        "current": None,
        "drift": None,
        "quantity": None,
        "value": None,
    }
    if held is not None:
        weight = held.weight(asset)
        row |= {
            "current": weight.quantize(Decimal("1e-4")),
            "drift": (weight - target).quantize(Decimal("1e-4")),
            "quantity": held.cash if asset == held.quote else held.quantities[asset],
            "value": held.value(asset),
        }
    return row


# before it runs


def preview(
    desk: Desk, prices: Mapping[Symbol, Decimal], now: int, capital: Decimal | None
) -> Preview:
    """The first purchase at these prices; without a capital, with the least that makes sense."""
    config = desk.config
    least = least_value(config, desk.instruments)
    value = capital if capital is not None else least
    if config.initial is Initial.CLAIM and capital is None:
        text = "what the account holds is known at the start only; it is brought to these targets"
        rows = tuple(DriftRow(asset=asset, target=config.target(asset)) for asset in config.assets)
        return Preview(panel=DriftPanel(rows=rows, quote=config.quote), warnings=(text,))
    view = View(now=now, prices=prices, live=frozenset(), positions={}, cash={config.quote: value})
    held = holdings(config, view)
    wanted = intents(desk, held)
    bought = sized_buys(desk, wanted.legs, held, budget(desk, held))
    spent = sum((leg.quantity * leg.price for leg in bought), ZERO)
    return Preview(
        panel=_begun(desk, view),
        figures=_figures(desk, value, least, bought, spent),
        warnings=_doubts(desk, value),
        refusals=() if bought else (_hopeless(config, value, least),),
    )


def _begun(desk: Desk, view: View) -> DriftPanel:
    """Before anything is done, with the orders of the rebalance that begins at once."""
    rows = panel(desk, decide(desk, PortfolioState(), view).state, view).rows
    return msgspec.structs.replace(panel(desk, PortfolioState(), view), rows=rows)


def _figures(
    desk: Desk, value: Decimal, least: Decimal, bought: list[Leg], spent: Decimal
) -> tuple[PreviewFigure, ...]:
    quote = desk.config.quote
    takes = desk.config.order_type is OrderType.MARKET
    rates = {
        leg.asset: desk.instrument(leg.asset).taker_fee
        if takes
        else desk.instrument(leg.asset).maker_fee
        for leg in bought
    }
    fees = sum((leg.quantity * leg.price * rates[leg.asset] for leg in bought), ZERO)
    return (
        PreviewFigure("capital needed", value, quote),
        PreviewFigure("least sensible capital", least, quote),
        PreviewFigure("orders", len(bought)),
        PreviewFigure("turnover", spent.quantize(_MONEY), quote),
        PreviewFigure("cost in fees", fees.quantize(Decimal("1e-4")), quote),
    )


def _doubts(desk: Desk, value: Decimal) -> tuple[str, ...]:
    """Targets and drifts that are worth less than an order may be."""
    config, found = desk.config, []
    for coin in config.coins:
        least = least_order(config, desk.instrument(coin))
        worth = value * config.target(coin) / HUNDRED
        moved = value * config.limit(coin) / HUNDRED
        if worth < least:
            found.append(
                f"{coin}: {config.target(coin).normalize():f} % of {value:.2f} is {worth:.2f} "
                f"{config.quote}, under the least order of {least:.2f}: it can't be bought"
            )
        elif config.watches_drift and moved < least:
            found.append(
                f"{coin}: a drift at its threshold is worth {moved:.2f} {config.quote}, under the "
                f"least order of {least:.2f}: it can't be traded"
            )
    return tuple(found)


def _hopeless(config: PortfolioConfig, value: Decimal, least: Decimal) -> str:
    return (
        f"with {value:.2f} {config.quote} nothing can be bought; "
        f"{least:.2f} is the least that makes sense"
    )
