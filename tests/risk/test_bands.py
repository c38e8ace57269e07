"""Inside its band no rule of a bot changes its step; at its edge one may."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.plan import NO_BAND
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.bands import book_share, bot_bands, multiple_share, next_time
from nimbus_tui.risk.equity_track import BUCKET_NS
from nimbus_tui.risk.limits import EngineLimits, RiskLimits
from nimbus_tui.risk.order_rate import OrderRate
from nimbus_tui.risk.states import BotInputs, EngineInputs, StreamState
from nimbus_tui.risk.streak import LosingStreak
from nimbus_tui.risk.table import read_bot, read_engine
from tests.risk.inputs import NOW, bot, engine, holding, number, position, results

LIMITS = RiskLimits(
    stop_loss=Decimal(10),
    take_profit=Decimal(12),
    position_size=Decimal(2500),
    daily_loss=Decimal(4),
    drawdown=Decimal(6),
)
OTHER = Symbol("BTC/USDC:USDC")


def at(inputs: BotInputs, prices: dict[Symbol, Decimal]) -> BotInputs:
    """The same bot at other marks; equity is linear in them."""
    positions, change = [], Decimal(0)
    for state in inputs.positions:
        price = prices[state.holding.symbol]
        before = state.holding.mark.value or Decimal(0)
        change += state.holding.quantity * (price - before)
        moved = msgspec.structs.replace(state.holding, mark=number(str(price)))
        positions.append(msgspec.structs.replace(state, holding=moved))
    equity = (inputs.strategy.equity.value or Decimal(0)) + change
    strategy = msgspec.structs.replace(inputs.strategy, equity=number(str(equity)))
    return msgspec.structs.replace(inputs, positions=tuple(positions), strategy=strategy)


def answers(verdicts: Any) -> list[Any]:
    """All that matters of a look: steps, refusals, and whether it is calm."""
    return [(one.asks, one.eased, one.reading.step, bool(one.reading.refuses)) for one in verdicts]


def inside(band: tuple[Decimal | None, Decimal | None], share: int, mark: Decimal) -> Decimal:
    """A price inside a band: so many thousandths of the way from one edge to the other."""
    below = band[0] if band[0] is not None else mark / 2
    above = band[1] if band[1] is not None else mark * 2
    return below + (above - below) * share / 1000


QUANTITIES = st.integers(-20, 20).filter(bool).map(Decimal)
EQUITIES = st.integers(9300, 10100).map(str)
SHARES = st.integers(1, 999)


@given(QUANTITIES, EQUITIES, st.integers(89, 111), SHARES)
def test_inside_its_band_nothing_changes_for_a_bot_of_one_symbol(
    quantity: Decimal, equity: str, cost: int, share: int
) -> None:
    inputs = bot(position(str(quantity), "100", str(cost)), strategy=results(equity))
    (band,) = bot_bands(inputs, LIMITS).values()
    if band[0] == band[1] == 100:
        return  # it is on an edge: every price is looked at
    price = inside(band, share, Decimal(100))
    moved = at(inputs, {inputs.positions[0].holding.symbol: price})
    assert answers(read_bot(moved, LIMITS)) == answers(read_bot(inputs, LIMITS))


@given(QUANTITIES, QUANTITIES, EQUITIES, SHARES, SHARES)
def test_inside_their_bands_nothing_changes_for_a_bot_of_two_symbols(
    one: Decimal, two: Decimal, equity: str, share: int, other_share: int
) -> None:
    second = position(holding=holding(str(two), "50", symbol=OTHER), cost="50")
    inputs = bot(position(str(one)), second, strategy=results(equity))
    bands = bot_bands(inputs, LIMITS)
    prices = {
        state.holding.symbol: inside(
            bands[state.holding.symbol], part, state.holding.mark.value or Decimal(0)
        )
        for state, part in zip(inputs.positions, (share, other_share), strict=True)
    }
    if any(band[0] == band[1] for band in bands.values()):
        return
    assert answers(read_bot(at(inputs, prices), LIMITS)) == answers(read_bot(inputs, LIMITS))


def test_the_band_of_a_long_ends_where_its_next_step_begins() -> None:
    # 10 long, 4 % of 10,000 is 400: a warning of the daily loss at 70 % of it, 28 lower.
    limits = RiskLimits(daily_loss=Decimal(4))
    inputs = bot(position("10"))
    (band,) = bot_bands(inputs, limits).values()
    assert band == (Decimal(79), None)  # calm would be 75 % of 280
    under = at(inputs, {inputs.positions[0].holding.symbol: Decimal(72)})
    assert {one.asks for one in read_bot(under, limits)} == {RiskStep.NORMAL, RiskStep.WARNING}


def test_without_a_mark_every_price_is_looked_at() -> None:
    assert list(bot_bands(bot(position(mark=None)), LIMITS).values()) == [NO_BAND]


@given(
    QUANTITIES, QUANTITIES, st.integers(500, 4000), st.integers(-999, 999), st.integers(-999, 999)
)
def test_within_the_share_of_the_book_nothing_changes_over_everything(
    one: Decimal, two: Decimal, equity: int, move: int, other_move: int
) -> None:
    limits = EngineLimits(
        total_exposure=Decimal(2),
        correlation=Decimal(1),
        asset_allocation=Decimal(60),
        equity_floor=Decimal(1000),
    )

    def book_at(first: Decimal, second: Decimal) -> EngineInputs:
        gained = one * (first - 100) + two * (second - 50)
        return engine(
            str(equity + gained),
            holding(str(one), str(first)),
            holding(str(two), str(second), symbol=OTHER),
        )

    before = book_at(Decimal(100), Decimal(50))
    share = book_share(before, limits)
    assert share is not None
    if share >= 1 or not share:
        return
    moves = [1 + share * part / 1000 for part in (move, other_move)]
    after = book_at(100 * moves[0], 50 * moves[1])
    assert answers(read_engine(after, limits)) == answers(read_engine(before, limits))


def test_a_book_without_a_mark_is_looked_at_with_every_price() -> None:
    limits = EngineLimits(total_exposure=Decimal(2))
    assert book_share(engine("1000", holding(mark=None)), limits) == 0
    assert book_share(engine(None, holding()), limits) == 0
    assert multiple_share(engine("1000").book, (), [Decimal(1)]) is None


@pytest.mark.parametrize(
    ("inputs", "limits", "seconds"),
    [
        (bot(position(opened_ns=NOW)), RiskLimits(position_age="100s"), 70),
        (
            bot(strategy=results("1", streak=LosingStreak(3, NOW))),
            RiskLimits(consecutive_losses=3, cooldown="9s"),
            9,
        ),
        (
            bot(position(beyond_since=NOW)),
            RiskLimits(stop_loss=Decimal(1), confirm_seconds=Decimal(4)),
            4,
        ),
        (bot(), RiskLimits(daily_loss=Decimal(1)), BUCKET_NS // NS_PER_SECOND),
        (bot(streams=(StreamState(name="prices", last_data_ns=NOW),)), RiskLimits(), 21),
    ],
)
def test_the_next_time_is_when_a_rule_would_change_by_itself(
    inputs: BotInputs, limits: RiskLimits, seconds: int
) -> None:
    assert next_time(inputs, limits) == NOW + seconds * NS_PER_SECOND


def test_a_bot_at_rest_has_no_next_time() -> None:
    assert next_time(bot(strategy=results("1", orders=OrderRate())), RiskLimits()) is None
