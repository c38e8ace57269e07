"""What a grid would do at a price: its ladder, what a round trip earns, what it may lose."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise

import msgspec

from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import LadderPanel, LadderRow, RowState
from nimbus_tui.core.preview import Preview, PreviewFigure
from nimbus_tui.strategies.grid_decisions import GridState
from nimbus_tui.strategies.grid_fees import TripFees, fee_problems, percent_text, trip_fees
from nimbus_tui.strategies.grid_levels import (
    HUNDRED,
    ZERO,
    Grid,
    GridConfig,
    GridSide,
    InitialInventory,
    Recenter,
    level_price,
    level_quantity,
    owns_coins,
    raw_price,
)
from nimbus_tui.strategies.grid_losses import (
    MAINTENANCE_MARGIN,
    Entry,
    Run,
    liquidation_price,
    worst_loss,
)

_MONEY = Decimal("1e-8")
_PERCENT = Decimal("0.01")


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A grid as its bot would place it first."""

    price: Decimal
    """The price that it would be placed at: the trigger, else the newest."""
    newest: Decimal
    capital: Decimal
    state: GridState
    panel: LadderPanel


class _Case(msgspec.Struct, frozen=True):
    """One opening with all that it is judged by."""

    opening: Opening
    config: GridConfig
    instrument: Instrument
    grid: Grid

    def price(self, level: int, side: Side) -> Decimal:
        return level_price(self.config, self.grid, level, side, self.instrument)

    def trip(self, row: LadderRow) -> tuple[Decimal, Decimal]:
        """Where a round trip that begins with a row's order buys and where it sells."""
        below = row.level if row.side is Side.BUY else row.level - 1
        return self.price(below, Side.BUY), self.price(below + 1, Side.SELL)

    def profit(self, row: LadderRow, fees: TripFees) -> Decimal:
        """What a round trip that begins with a row's order earns."""
        return fees.profit(*self.trip(row)) * row.quantity

    @property
    def is_spot(self) -> bool:
        return self.instrument.market is MarketType.SPOT

    @property
    def can_be_short(self) -> bool:
        return not owns_coins(self.config, self.instrument)

    @property
    def orders(self) -> list[LadderRow]:
        return [row for row in self.opening.panel.rows if row.side is not None]

    @property
    def trips(self) -> list[LadderRow]:
        """Orders that a round trip can begin with: nothing is bought back at a price of zero."""
        return [row for row in self.orders if self.trip(row)[0] > ZERO]


def previewed(opening: Opening, config: GridConfig, instrument: Instrument) -> Preview:
    """The whole preview of an opening."""
    grid = opening.state.grid
    if grid is None:
        return Preview(panel=opening.panel)
    case = _Case(opening, config, instrument, grid)
    return Preview(
        panel=_panel(case),
        figures=tuple(_figures(case)),
        warnings=tuple(_warnings(case)),
        refusals=tuple(problem.message for problem in fee_problems(config, instrument)),
    )


def _panel(case: _Case) -> LadderPanel:
    """The ladder with the profit of a round trip at each order; waiting as long as a trigger is."""
    trigger = case.config.trigger_price
    waits = trigger is not None and trigger != case.opening.newest
    fees = trip_fees(case.instrument, case.instrument.maker_fee)
    profits = {row.level: case.profit(row, fees) for row in case.trips}
    rows = [
        msgspec.structs.replace(
            row,
            profit=profits.get(row.level, ZERO),
            state=RowState.WAITING if waits and row.side is not None else row.state,
        )
        for row in case.opening.panel.rows
    ]
    note = f"waits for {trigger:f}, then places this" if waits else case.opening.panel.note
    return msgspec.structs.replace(case.opening.panel, rows=tuple(rows), note=note)


# figures


def _figures(case: _Case) -> Iterator[PreviewFigure]:
    quote = case.instrument.quote
    yield PreviewFigure("capital needed", case.opening.capital, quote)
    for side, name in ((Side.BUY, "buy orders"), (Side.SELL, "sell orders")):
        yield PreviewFigure(name, sum(row.side is side for row in case.orders))
    if case.opening.state.inventory_wanted:
        name = "sold at the start" if case.config.side is GridSide.SHORT else "bought at the start"
        bought = case.instrument.round_quantity(case.opening.state.inventory_wanted)
        yield PreviewFigure(name, bought, case.instrument.base)
    if case.trips:
        yield from _trip_figures(case)
    runs = _runs(case)
    if runs:
        yield from _loss_figures(case, runs)
    if runs and not case.is_spot:
        yield from _liquidation_figures(case, runs)


def _trip_figures(case: _Case) -> Iterator[PreviewFigure]:
    """The trips that earn least and most, as makers; as takers too where orders may take."""
    yield from _trips_at(case, case.instrument.maker_fee, "")
    if not case.config.post_only:
        yield from _trips_at(case, case.instrument.taker_fee, ", taking twice")


def _trips_at(case: _Case, rate: Decimal, how: str) -> Iterator[PreviewFigure]:
    fees, quote = trip_fees(case.instrument, rate), case.instrument.quote
    profits = [case.profit(row, fees) for row in case.trips]
    bought_at, sold_at = case.trip(min(case.trips, key=lambda row: abs(row.level)))
    yield PreviewFigure(f"profit of a round trip, least{how}", min(profits), quote)
    yield PreviewFigure(f"profit of a round trip, most{how}", max(profits), quote)
    fee = fees.fee(bought_at, sold_at) / bought_at * HUNDRED
    yield PreviewFigure(f"fees of a round trip{how}", fee.quantize(Decimal("0.0001")), "%")


def _loss_figures(case: _Case, runs: list[Run]) -> Iterator[PreviewFigure]:
    """The worse of the ways in which the price can run."""
    losses = [worst_loss(run, case.config, case.instrument.taker_fee) for run in runs]
    loss = max(losses, key=lambda loss: loss.amount)
    run = runs[losses.index(loss)]
    when = [
        "at the stop loss" if loss.stopped else "at the last level, more beyond",
        f"{loss.fills} of {len(run.entries)} entries filled",
        "no gap in the price",
    ]
    if case.config.policy is not Recenter.HOLD:
        when.append("before the grid moves")
    yield PreviewFigure("worst loss", loss.amount.quantize(_MONEY), case.instrument.quote)
    yield PreviewFigure("worst loss at", loss.price.quantize(_MONEY), case.instrument.quote)
    yield PreviewFigure("worst loss when", ", ".join(when))


def _liquidation_figures(case: _Case, runs: list[Run]) -> Iterator[PreviewFigure]:
    """Per direction, with every entry filled and the bot's capital alone behind it."""
    for run in runs:
        name = "liquidation when long" if run.sign > 0 else "liquidation when short"
        price = liquidation_price(run, case.opening.capital)
        if price is None:
            yield PreviewFigure(name, "none")
            continue
        distance = (price / case.opening.price - 1) * HUNDRED
        yield PreviewFigure(name, price.quantize(_MONEY), case.instrument.quote)
        yield PreviewFigure(f"{name}, distance", distance.quantize(_PERCENT), "%")
    margin = percent_text(MAINTENANCE_MARGIN)
    yield PreviewFigure(
        "liquidation assumes",
        f"all entries filled, the capital alone behind them, {margin} % maintenance margin",
    )


def _runs(case: _Case) -> list[Run]:
    """The ways in which the price can run against the grid."""
    runs = []
    if case.config.side is not GridSide.SHORT:
        runs.append(_run(case, Side.BUY))
    if case.can_be_short:
        runs.append(_run(case, Side.SELL))
    return [run for run in runs if run.entries]


def _run(case: _Case, side: Side) -> Run:
    ranked = sorted(case.orders, key=lambda row: -row.price * side.sign)
    maker = case.instrument.maker_fee
    entries = [Entry(row.price, row.quantity, maker) for row in ranked if row.side is side]
    end = case.grid.lowest if side is Side.BUY else case.grid.highest
    return Run(
        sign=side.sign,
        entries=(*_first_entry(case, side), *entries),
        end=raw_price(case.config, case.grid, end),
    )


def _first_entry(case: _Case, side: Side) -> list[Entry]:
    """What the grid holds from its start for its exits: bought at market, or there already."""
    entering = Side.SELL if case.config.side is GridSide.SHORT else Side.BUY
    bought = case.opening.state.inventory_wanted
    if side is not entering:
        return []
    if bought:
        return [Entry(case.opening.price, bought, case.instrument.taker_fee)]
    claimed = _claimable(case)
    return [Entry(case.opening.price, claimed, ZERO)] if claimed else []


def _claimable(case: _Case) -> Decimal:
    """The coins that an `existing` inventory takes at most."""
    if case.config.initial_inventory is not InitialInventory.EXISTING or case.can_be_short:
        return ZERO
    return sum((row.quantity for row in case.orders if row.side is Side.SELL), ZERO)


# warnings


def _warnings(case: _Case) -> Iterator[str]:
    for judge in (_left_out, _same_prices, _out_of_range, _taking, _inventory, _stop_loss):
        yield from judge(case)


def _left_out(case: _Case) -> Iterable[str]:
    """Levels without an order, by their reason."""
    reasons: dict[str, list[int]] = {}
    wanted = {row.level for row in case.orders}
    for level in case.grid.levels:
        if level and level not in wanted:
            reasons.setdefault(_why_left_out(case, level), []).append(level)
    for reason, levels in reasons.items():
        named = ", ".join(f"{level:+d}" for level in levels[:6])
        more = f" and {len(levels) - 6} more" if len(levels) > 6 else ""
        yield f"no order on level {named}{more}: {reason}"
    if not wanted:
        yield "no level is large enough for an order: the bot would do nothing at this price"


def _why_left_out(case: _Case, level: int) -> str:
    instrument = case.instrument
    price = case.price(level, Side.SELL if level > 0 else Side.BUY)
    if price <= ZERO:
        return "its price rounds to zero"
    quantity = level_quantity(case.config, level, price, instrument)
    if quantity < instrument.lot_size:
        return f"its size rounds to zero {instrument.base}, the lot is {instrument.lot_size:f}"
    least = f"{instrument.min_notional:f} {instrument.quote}"
    return f"its size is under the least order, {least}"


def _same_prices(case: _Case) -> Iterable[str]:
    """Neighbours on one tick; buys round down, sells up."""
    for lower, upper in pairwise(case.grid.levels):
        side = Side.BUY if upper <= 0 else Side.SELL
        price = case.price(lower, side)
        if price == case.price(upper, side):
            yield (
                f"levels {lower:+d} and {upper:+d} round to the same price, {price:f}: "
                f"they are closer than the tick, {case.instrument.tick_at(price):f}"
            )


def _out_of_range(case: _Case) -> Iterable[str]:
    low = raw_price(case.config, case.grid, case.grid.lowest)
    high = raw_price(case.config, case.grid, case.grid.highest)
    if not low <= case.opening.price <= high:
        yield f"the price {case.opening.price:f} is outside the grid, {low:f} to {high:f}"


def _taking(case: _Case) -> Iterable[str]:
    """Orders that may take pay more: does a round trip still earn?"""
    fees = trip_fees(case.instrument, case.instrument.taker_fee)
    least = min((case.profit(row, fees) for row in case.trips), default=ZERO)
    if case.trips and least <= ZERO and not case.config.post_only:
        yield (
            f"without post_only an order may take: a round trip that takes twice, at "
            f"{percent_text(case.instrument.taker_fee)} %, loses {-least:f} {case.instrument.quote}"
        )


def _inventory(case: _Case) -> Iterable[str]:
    """Where the coins of the first exits come from, and whether these earn."""
    claimed = _claimable(case)
    if claimed:
        yield (
            f"the sells need {claimed:f} {case.instrument.base} that no bot owns; those that "
            "are not there wait for buys"
        )
    if case.opening.state.inventory_wanted:
        short = case.config.side is GridSide.SHORT
        exits = [row for row in case.orders if (row.side is Side.BUY) is short]
        profit = _first_exit_profit(case, min(exits, key=lambda row: abs(row.level)), short)
        if profit <= ZERO:
            how = "sold" if short else "bought"
            yield (
                f"the first exit loses {-profit:f} {case.instrument.quote}: what it needs is "
                f"{how} at market, at {percent_text(case.instrument.taker_fee)} %"
            )


def _first_exit_profit(case: _Case, row: LadderRow, short: bool) -> Decimal:
    """Of the exit nearest to the price: entered at market as a taker, left as a maker."""
    instrument, price = case.instrument, case.opening.price
    entered = TripFees(1 + instrument.taker_fee, 1 - instrument.maker_fee)
    if short:
        entered = TripFees(1 + instrument.maker_fee, 1 - instrument.taker_fee)
    prices = (row.price, price) if short else (price, row.price)
    return entered.profit(*prices) * row.quantity


def _stop_loss(case: _Case) -> Iterable[str]:
    config, price = case.config, case.opening.price
    stop = config.stop_loss_price
    if stop is None:
        if config.stop_loss is None and config.policy is not Recenter.HOLD:
            yield (
                "no stop loss: when the grid moves after the price its position stays, so that "
                "the loss has no limit"
            )
        return
    long = config.side is not GridSide.SHORT
    if long and stop >= price:
        yield f"stop_loss_price {stop:f} is not below {price:f}: it closes every long at once"
    if case.can_be_short and stop <= price:
        yield f"stop_loss_price {stop:f} is not above {price:f}: it closes every short at once"
