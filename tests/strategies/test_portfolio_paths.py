"""On any path of prices, and through any restart, a portfolio trades as its specification says."""

import asyncio
from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderType
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.oracle.portfolio_loop import Rules, portfolio_loop
from tests.simulation.portfolio_world import (
    GRAINS,
    PRICES,
    SECOND,
    PortfolioWorld,
)
from tests.strategies.portfolios import FEES, SHARES, bought

COINS = ("BTC", "ETH", "SOL")

MOVES = st.tuples(
    st.sampled_from(COINS),
    st.one_of(st.integers(-60, 60), st.integers(-1500, 1500)),
    st.sampled_from([1, 15, 60, 600, 1800]),
)

PATHS = st.lists(MOVES, min_size=10, max_size=80)


def walk(moves: list[tuple[str, int, int]]) -> list[tuple[int, str, Decimal]]:
    """Moves in hundredths of a percent as (ts, coin, price) ticks."""
    ticks = [((i + 1) * SECOND, coin, Decimal(PRICES[coin])) for i, coin in enumerate(COINS)]
    prices = {coin: Decimal(PRICES[coin]) for coin in COINS}
    ts = len(COINS) * SECOND
    for coin, bps, seconds in moves:
        ts += seconds * SECOND
        price = prices[coin] * (10_000 + bps) / 10_000
        prices[coin] = price.quantize(Decimal(GRAINS[coin][0]))
        ticks.append((ts, coin, prices[coin]))
    return ticks


@settings(max_examples=150, deadline=None)
@given(
    PATHS,
    st.sampled_from(["1", "2", "5"]),
    st.sampled_from(["60", "400", "10000"]),
    st.sampled_from(["1s", "10m", "1h"]),
    st.booleans(),
)
def test_on_any_path_it_trades_as_a_loop_that_looks_at_every_tick(
    moves: list[tuple[str, int, int]], threshold: str, capital: str, rest: str, with_cash: bool
) -> None:
    """Never late: on the tick where a look at every tick would begin a rebalance, it begins."""
    shares = SHARES | ({"ETH": Decimal(20)} if with_cash else {})
    cash = {"USDC": Decimal(10)} if with_cash else {}
    ticks = walk(moves)
    seconds = {"1s": 1, "10m": 600, "1h": 3600}[rest]
    rules = Rules(
        targets=shares,
        lots={coin: Decimal(GRAINS[coin][1]) for coin in COINS},
        capital=Decimal(capital),
        threshold=Decimal(threshold),
        min_interval=seconds * SECOND,
        fee=FEES["taker_fee"],
    )
    expected = portfolio_loop(ticks, rules)

    async def play() -> None:
        world = bought(
            targets=shares | cash,
            capital=Decimal(capital),
            threshold=Decimal(threshold),
            min_interval=rest,
            grain=FEES,
            balances={"USDC": Decimal(1_000_000)},
        )
        await world.backtest(
            Tick(ts, f"{coin}/USDC", price, Decimal(0)) for ts, coin, price in ticks
        )
        actual = [(f.ts, f.key, f.side.value, f.price, f.quantity, f.fee) for f in world.fills()]
        assert [tuple(fill) for fill in expected.fills] == actual
        assert world.strategy.state.rounds == expected.rounds
        assert world.told("error") == []
        await world.engine.stop()

    asyncio.run(play())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(COINS),
        st.integers(-300, 300),
        st.sampled_from([1, 20, 70, 1800]),
        st.sampled_from(["0", "0.002", "0.5", "1000"]),
        st.sampled_from(["", "", "", "before", "unheard", "unsent", "after"]),
    ),
    min_size=8,
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(STEPS, st.sampled_from(OrderType), st.sampled_from([0, 1500]))
def test_a_restart_at_any_point_goes_on_with_the_same_round_and_keys(
    steps: list[tuple[str, int, int, str, str]], order_type: OrderType, latency_ms: int
) -> None:
    asyncio.run(_restarted(steps, order_type, latency_ms))


async def _restarted(
    steps: list[tuple[str, int, int, str, str]], order_type: OrderType, latency_ms: int
) -> None:
    world = bought(
        targets=SHARES,
        threshold=Decimal(2),
        min_interval="10m",
        order_type=order_type,
        grain=FEES,
        balances={"USDC": Decimal(1_000_000)},
        venue=PaperSettings(partial_fills=True, latency_ms=latency_ms),
    )
    await world.start({coin: PRICES[coin] for coin in COINS})
    prices = {coin: Decimal(PRICES[coin]) for coin in COINS}
    for coin, bps, seconds, size, crash in steps:
        prices[coin] = (prices[coin] * (10_000 + bps) / 10_000).quantize(Decimal(GRAINS[coin][0]))
        await world.wait(seconds * SECOND)
        if crash == "before":
            await _crashed(world)
        world.exchange.deliver(world.traded(coin, f"{prices[coin]}", size))
        if crash == "unheard":
            await _crashed(world)
        world.engine.process()
        if crash == "unsent":
            await _crashed(world)
        await world.engine.settle()
        if crash == "after":
            await _crashed(world)
    calm = {coin: f"{prices[coin]}" for coin in COINS}
    for _ in range(30):
        await world.tick(calm, size="100000")
        await world.wait(30 * SECOND)
    _check_books(world)
    assert world.strategy.state.round is None
    assert world.resting() == {}
    await world.engine.stop()


async def _crashed(world: PortfolioWorld) -> None:
    """The round that the journal knows is the one that goes on."""
    before = world.strategy.state
    await world.crash()
    after = world.strategy.state
    assert after.rounds == before.rounds
    if before.round is not None and after.round is not None:
        assert after.round.number == before.round.number


def _check_books(world: PortfolioWorld) -> None:
    """No key filled beyond its intent, no round left out, positions = fills, on target or said."""
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for fill in world.fills():
        filled[str(fill.key).partition("/p")[0]] += fill.quantity
    asked = {o.key: o.quantity for o in world.journal.orders(limit=-1)}
    assert all(quantity <= asked[key] for key, quantity in filled.items())
    rounds = {int(key.split("/")[1].split(".")[0]) for key in asked}
    assert rounds == set(range(1, world.strategy.state.rounds + 1))
    for symbol in world.instruments:
        own = [f.signed_quantity for f in world.fills() if f.symbol == symbol]
        assert sum(own, Decimal(0)) == world.bot.position(symbol)
    assert world.told("error") == []
    drift = max(abs(world.weights()[c] - SHARES[c]) for c in COINS)
    assert drift < 3 or world.told("warning")
