"""On any path of prices a martingale commits no more than its preview said."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.order import Side
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.strategies.martingale import MartingaleStrategy
from nimbus_tui.strategies.martingale_steps import MartingaleSide
from tests.simulation.martingale_world import MartingaleWorld, config_of, sol
from tests.strategies.martingales import committed


def sold_above_limit(world: MartingaleWorld) -> Decimal:
    """What this cycle's short steps got beyond their own prices, the market being past them."""
    limits = {leg.name: leg.price for leg in world.strategy.state.steps}
    got = Decimal(0)
    for leg in world.strategy.state.steps:
        got += max(Decimal(0), leg.value - leg.filled * limits[leg.name])
    return got * (1 + world.instrument.taker_fee)


def check(world: MartingaleWorld, capital: Decimal) -> None:
    """What must hold at every moment."""
    held = world.bot.position(world.instrument.symbol)
    better = sold_above_limit(world) if world.strategy.state.side is Side.SELL else Decimal(0)
    assert committed(world) <= capital + better
    received, filled = Decimal(0), defaultdict(Decimal)
    for fill in world.fills():
        received += fill.signed_quantity - (fill.fee if fill.fee_asset == "SOL" else 0)
        filled["/".join(str(fill.key).split("/")[:3])] += fill.quantity
    assert held == received == world.strategy.state.position.quantity
    if world.strategy.state.base is None:
        assert world.instrument.round_quantity(abs(held)) == 0
    for leg in world.strategy.state.legs:
        assert filled[leg.key_of(1)] <= leg.quantity


WORLDS = {
    "perpetual long": ("SOL/USDC:USDC", MartingaleSide.LONG, False),
    "perpetual short": ("SOL/USDC:USDC", MartingaleSide.SHORT, False),
    "spot": ("SOL/USDC", MartingaleSide.LONG, False),
    "spot, fees in coins": ("SOL/USDC", MartingaleSide.LONG, True),
}


async def played(
    world: MartingaleWorld, moves: Iterable[tuple[int, int]], capital: Decimal
) -> None:
    await world.start("150")
    price = Decimal(150)
    for move, hundredths in moves:
        price = min(Decimal(400), max(Decimal(40), price * (1 + Decimal(move) / 1000)))
        await world.tick(f"{price:.2f}", size=str(Decimal(hundredths) / 100))
        check(world, capital)
    assert not world.engine.journal.events(types=["error"])


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("partial", [False, True], ids=["whole fills", "partial fills"])
@settings(max_examples=50, deadline=None)
@given(
    moves=st.lists(st.tuples(st.integers(-60, 60), st.integers(0, 200)), min_size=10, max_size=40)
)
def test_on_any_path_it_commits_no_more_than_its_preview_said(
    name: str, partial: bool, moves: list[tuple[int, int]]
) -> None:
    symbol, side, in_coins = WORLDS[name]
    venue = PaperSettings(fee_in_base=in_coins, partial_fills=partial)
    traded = sol(symbol)
    said = MartingaleStrategy.preview(
        config_of(symbol, side=side), {symbol: traded}, {symbol: Decimal(150)}, 0
    ).panel

    async def play() -> None:
        world = MartingaleWorld(traded, venue=venue, side=side)
        assert said is not None
        await played(world, moves, said.capital)
        assert said.capital == world.bot.books.capital
        await world.engine.stop()

    asyncio.run(play())


@settings(max_examples=50, deadline=None)
@given(jump=st.integers(-800, 1500), later=st.integers(-100, 100))
def test_a_base_order_that_fills_far_from_its_price_shortens_the_ladder(
    jump: int, later: int
) -> None:
    async def play() -> None:
        world = MartingaleWorld()
        await played(world, [(jump, 0), (later, 0)], Decimal("1501.7505"))
        await world.engine.stop()

    asyncio.run(play())
