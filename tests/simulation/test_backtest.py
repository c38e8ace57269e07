"""The backtest's jumps over quiet ticks change nothing: neither fills nor funding nor the curve."""

from decimal import Decimal
from random import Random

import pytest

from nimbus_tui.core.errors import DataError
from nimbus_tui.core.market import FundingRate, Tick
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.matching import NO_BAND
from tests.simulation.worlds import World

PERPETUAL = "ETH/USDC:USDC"
START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


class NeverQuiet(PaperExchange):
    """Has every tick delivered."""

    def quiet_band(self, symbol: str) -> tuple[Decimal | None, Decimal | None]:
        return NO_BAND


def ticks(count: int) -> list[Tick]:
    """A price that mostly stands still, and now and then moves by some steps of the grid."""
    chance, price, story = Random(8), Decimal(2400), []
    for number in range(count):
        if chance.random() < 0.05:
            price += Decimal(chance.randint(-30, 30))
        story.append(Tick(START + number * SECOND, PERPETUAL, price, Decimal(0)))
    return story


def funding() -> FundingSchedule:
    """Times between ticks and on them, some of them close together."""
    chance = Random(3)
    times = sorted({START + chance.randint(0, 3000 * 4) * SECOND // 4 for _ in range(80)})
    rates = tuple(FundingRate(ts, Decimal(chance.randint(-9, 9)) / 10_000) for ts in times)
    return FundingSchedule(recorded={PERPETUAL: rates})


async def test_quiet_ticks_are_jumped_over_and_funding_times_are_not() -> None:
    story, schedule = ticks(3000), funding()
    delivered = []

    class Counting(PaperExchange):
        def deliver(self, tick: Tick, source_position: str | None = None) -> None:
            delivered.append(tick)
            super().deliver(tick, source_position)

    settings = PaperSettings(funding=schedule)
    jumping = World(venue=settings, exchange=Counting)
    slow = World(venue=settings, exchange=NeverQuiet)
    fast_result, slow_result = await jumping.backtest(story), await slow.backtest(story)
    assert len(delivered) < len(story) / 2
    assert jumping.fills() == slow.fills()
    paid = jumping.engine.journal.funding()
    assert paid == slow.engine.journal.funding()
    assert (fast_result.equity, fast_result.max_drawdown) == (
        slow_result.equity,
        slow_result.max_drawdown,
    )
    expected = []
    for rate in schedule.recorded[PERPETUAL]:
        held = sum((f.signed_quantity for f in jumping.fills() if f.ts < rate.ts), Decimal(0))
        before = [tick.price for tick in story if tick.ts < rate.ts]
        if held and rate.rate and rate.ts <= story[-1].ts:
            expected.append((rate.ts, -held * before[-1] * rate.rate))
    assert [(one.ts, one.amount) for one in paid] == expected
    assert len(expected) > 30
    assert jumping.bot.books.funding == sum(amount for _, amount in expected)
    await jumping.engine.stop()
    await slow.engine.stop()


async def test_the_run_begins_at_the_first_tick_with_the_capital() -> None:
    world = World(capital=Decimal(500))
    story = [Tick(START, PERPETUAL, Decimal(2400), Decimal(0))]
    result = await world.backtest(story)
    assert (result.first_ts, result.last_ts, result.ticks) == (START, START, 1)
    assert result.equity == result.bot_equity["grid"] == [(START, Decimal(500))]
    assert world.bot.saved.since == world.bot.saved.opened_ns == START
    assert [(mark.symbol, mark.price) for mark in result.marks] == [(PERPETUAL, 2400)]
    await world.engine.stop()


async def test_no_tick_is_an_error() -> None:
    with pytest.raises(DataError, match="no tick"):
        await World().backtest([])
