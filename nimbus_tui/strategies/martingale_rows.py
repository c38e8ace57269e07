"""What a martingale's ladder comes to: the rows of its panel, and what a config would do."""

from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.accounting.position import Position
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.core.panels import RowState, StepRow, StepsPanel, StepState
from nimbus_tui.core.preview import Preview, PreviewFigure
from nimbus_tui.strategies.martingale_state import (
    BASE,
    Leg,
    target_price,
)
from nimbus_tui.strategies.martingale_steps import (
    HUNDRED,
    ONE,
    ZERO,
    MartingaleConfig,
    base_quantity,
    capital_needed,
    deviation_percent,
    fee_share,
    ladder_quote,
    short,
    sized_steps,
)

_GRAIN = Decimal("1e-10")
"""Averages on screens have ten digits behind the point."""


def step_rows(
    legs: Sequence[Leg],
    carried: Position,
    config: MartingaleConfig,
    side: Side,
    instrument: Instrument,
) -> tuple[StepRow, ...]:
    """A row for each entry; what has not filled yet counts at its price and its likely fee."""
    in_play = next((leg.name for leg in legs if not leg.is_done), None)
    rows: list[StepRow] = []
    position, invested = carried, ZERO
    for leg in legs:
        step = 0 if leg.name == BASE else int(leg.name)
        position = _with(position, leg, config, side, instrument)
        quote = leg.value + leg.rest * leg.price
        invested += quote
        waits = StepState.IN_PLAY if leg.name == in_play else StepState.WAITING
        rows.append(
            StepRow(
                step=step,
                state=StepState.FILLED if leg.is_done else waits,
                price=(leg.value / leg.filled).quantize(_GRAIN) if leg.is_done else leg.price,
                deviation_percent=deviation_percent(config, step),
                quantity=leg.quantity,
                quote=quote,
                cumulative_quote=invested,
                average_cost=rounded(position.average_cost),
                target_price=target_price(position, config, instrument),
                key=None if leg.is_done else leg.key,
                order=_order_state(leg, after_base=bool(rows) and not legs[0].is_done),
                filled=leg.filled,
            )
        )
    return tuple(rows)


def _order_state(leg: Leg, *, after_base: bool) -> RowState:
    """What is wanted of a leg's order: the safety orders wait until the base order has filled."""
    if leg.is_done:
        return RowState.EMPTY
    return RowState.WAITING if after_base else RowState.WANTED


def _with(
    position: Position, leg: Leg, config: MartingaleConfig, side: Side, instrument: Instrument
) -> Position:
    """The position once a leg has filled whole; its fees are in the entry value."""
    at_market = leg.name == BASE and config.order_type is OrderType.MARKET
    fee = instrument.taker_fee if at_market else instrument.maker_fee
    rest = leg.rest * leg.price
    return Position(
        quantity=position.quantity + leg.received + leg.rest * side.sign,
        entry_value=position.entry_value + leg.cost + rest * side.sign + rest * fee,
        entry_fees=position.entry_fees,
    )


def stop_price(
    config: MartingaleConfig, average_cost: Decimal | None, side: Side
) -> Decimal | None:
    """Where the stop loss of the bot's own parameters closes the position."""
    if config.stop_loss_price is not None:
        return config.stop_loss_price
    if config.stop_loss is None or average_cost is None:
        return None
    return average_cost * (ONE - side.sign * config.stop_loss / HUNDRED)


def rounded(number: Decimal | None) -> Decimal | None:
    """An average for people."""
    return None if number is None else number.quantize(_GRAIN)


# what a config would do


def planned_legs(
    config: MartingaleConfig, instrument: Instrument, price: Decimal
) -> tuple[Leg, ...]:
    """The whole ladder of a cycle whose base order fills at this price."""
    side = config.side.entry
    capital = capital_needed(config, instrument)
    quantity = base_quantity(config, price, instrument, capital)
    room = capital - quantity * price * (ONE + fee_share(instrument))
    steps = sized_steps(config, side, price, instrument, room)
    base = Leg(name=BASE, cycle=1, quantity=quantity, price=instrument.round_price(price, side))
    return (
        base,
        *(Leg(name=str(s.step), cycle=1, quantity=s.quantity, price=s.price) for s in steps),
    )


def preview_of(config: MartingaleConfig, instrument: Instrument, price: Decimal) -> Preview:
    """The ladder from this price, what it needs, what it may lose, and what speaks against it."""
    side = config.side.entry
    legs = planned_legs(config, instrument, price)
    rows = step_rows(legs, Position(), config, side, instrument)
    outcome = _Outcome(config, instrument, rows)
    capital = capital_needed(config, instrument)
    panel = StepsPanel(
        rows=rows,
        side=side,
        cycle=1,
        entry_price=price,
        capital=capital,
        stop_price=stop_price(config, rows[0].average_cost, side),
    )
    return Preview(
        panel=panel,
        figures=tuple(_figures(config, instrument, capital, outcome)),
        warnings=tuple(_warnings(config, instrument, outcome)),
        refusals=tuple(_refusals(config, instrument, price, rows)),
    )


def unpriced_preview(config: MartingaleConfig, instrument: Instrument) -> Preview:
    """What is known before there is a price: the sizes are in quote, so what they need."""
    return Preview(
        figures=tuple(_needs(config, instrument)),
        warnings=(f"there is no price of {config.symbol} yet: the ladder is unknown",),
    )


def _needs(config: MartingaleConfig, instrument: Instrument) -> list[PreviewFigure]:
    capital = capital_needed(config, instrument)
    return [
        PreviewFigure("ladder", _cents(ladder_quote(config)), instrument.quote),
        PreviewFigure("capital needed", capital, instrument.quote),
    ]


class _Outcome:
    """How the ladder ends where all goes wrong: at the stop loss, else at the last step."""

    def __init__(
        self, config: MartingaleConfig, instrument: Instrument, rows: tuple[StepRow, ...]
    ) -> None:
        self.rows = rows
        self.sign = config.side.entry.sign
        self.deepest, self.stop = self._deepest(config)
        row = rows[self.deepest]
        self.quantity = sum((row.quantity for row in rows[: self.deepest + 1]), ZERO)
        self.cost = row.average_cost or ZERO
        self.exit_price = self.stop if self.stop is not None else row.price
        fee = self.exit_price * instrument.taker_fee
        self.loss = max(ZERO, ((self.cost - self.exit_price) * self.sign + fee) * self.quantity)

    def _deepest(self, config: MartingaleConfig) -> tuple[int, Decimal | None]:
        """The last step that fills before the stop loss would close, and that stop's price."""
        stop = None
        for number, row in enumerate(self.rows):
            if stop is not None and (row.price - stop) * self.sign <= ZERO:
                return number - 1, stop
            stop = stop_price(config, row.average_cost, config.side.entry)
        return len(self.rows) - 1, stop


def _figures(
    config: MartingaleConfig, instrument: Instrument, capital: Decimal, outcome: _Outcome
) -> list[PreviewFigure]:
    quote = instrument.quote
    last = outcome.rows[-1]
    where = "at the stop loss" if outcome.stop is not None else "at the last step, no stop loss"
    figures = [
        *_needs(config, instrument),
        PreviewFigure("last step", _cents(last.deviation_percent), "% from the entry"),
        PreviewFigure(f"worst loss {where}", _cents(outcome.loss), quote),
    ]
    if outcome.stop is not None:
        price = instrument.round_price(max(ZERO, outcome.stop), config.side.entry)
        figures.append(PreviewFigure("stop loss price, deepest", price, quote))
    if instrument.market is MarketType.PERPETUAL:
        figures.append(_liquidation(config, capital, outcome))
    for row in outcome.rows:
        if row.target_price is not None:
            away = (row.target_price / row.price - ONE) * HUNDRED
            name = f"take profit after step {row.step}"
            figures.append(PreviewFigure(name, _cents(away), f"% from the step's {row.price:f}"))
    return figures


def _liquidation(config: MartingaleConfig, capital: Decimal, outcome: _Outcome) -> PreviewFigure:
    """How far behind the last step nothing is left, if the whole capital is the margin.

    Equity is capital + quantity × (price − average cost), which is 0 at average cost − capital ÷
    quantity (for a short +). That is the definition of equity; a venue's maintenance margin
    liquidates earlier, and less margin than the whole capital earlier still.
    """
    last = outcome.rows[-1]
    quantity = sum((row.quantity for row in outcome.rows), ZERO)
    cost = last.average_cost or ZERO
    price = cost - outcome.sign * capital / quantity if quantity else ZERO
    away: Decimal | str = "none: the capital covers the whole position"
    unit = ""
    if price > ZERO:
        away, unit = _cents(abs(price / last.price - ONE) * HUNDRED), f"% from {last.price:f}"
    return PreviewFigure("liquidation, all capital as margin, no maintenance", away, unit)


def _warnings(config: MartingaleConfig, instrument: Instrument, outcome: _Outcome) -> list[str]:
    found = []
    rows = outcome.rows
    if outcome.stop is None:
        worst = "the whole position" if config.side.entry is Side.BUY else "more than the capital"
        found.append(
            f"there is no stop loss here: beyond the last step at {rows[-1].price:f} the loss "
            f"grows with the price, up to {worst}"
        )
    elif outcome.deepest < len(rows) - 1:
        missed = rows[outcome.deepest + 1]
        found.append(
            f"the stop loss closes at {short(outcome.stop)}, before step {missed.step} at "
            f"{missed.price:f}: {len(rows) - 1 - outcome.deepest} of {len(rows) - 1} safety orders "
            "can never fill"
        )
    round_trip = instrument.maker_fee * HUNDRED
    if config.take_profit <= round_trip:
        found.append(
            f"a take profit of {short(config.take_profit)} % doesn't pay the exit's own fee of "
            f"{short(round_trip)} %: every cycle loses"
        )
    return found


def _refusals(
    config: MartingaleConfig, instrument: Instrument, price: Decimal, rows: tuple[StepRow, ...]
) -> list[str]:
    found = []
    least = f"{instrument.min_notional:f} {instrument.quote} and {instrument.lot_size:f}"
    base = rows[0]
    if not instrument.sellable(base.quantity, price):
        found.append(
            f"the base order of {base.quantity:f} {instrument.base} ({short(base.quote)} "
            f"{instrument.quote}) is under the least order of {instrument.symbol}: {least} "
            f"{instrument.base}"
        )
    if len(rows) <= config.max_steps:
        missing = sorted(set(range(config.max_steps + 1)) - {row.step for row in rows})
        numbers = ", ".join(str(step) for step in missing)
        found.append(
            f"at {price:f} there is no order for step {numbers}: it would be at a price of 0 or "
            f"under the least order of {instrument.symbol}: {least} {instrument.base}"
        )
    if price * config.step_percent / HUNDRED < instrument.tick_at(price):
        found.append(
            f"step_percent = {config.step_percent:f} of {price:f} is less than one tick "
            f"({instrument.tick_at(price):f})"
        )
    stop = config.stop_loss_price
    if stop is not None and (price - stop) * config.side.entry.sign <= ZERO:
        where = "below" if config.side.entry is Side.BUY else "above"
        found.append(f"stop_loss_price = {stop:f} must lie {where} the price of {price:f}")
    return found


def _cents(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"))
