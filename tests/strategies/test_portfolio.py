"""The portfolio through the engine on the paper exchange, on its own numbers and on any path."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.control.commands import FlattenBot, PauseBot, ResumeBot, StartBot, StopBot
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderType
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.strategies.portfolio_weights import Initial, Trigger
from tests.oracle.portfolio_loop import Rules, portfolio_loop
from tests.simulation.portfolio_world import (
    GRAINS,
    HOUR,
    PRICES,
    SECOND,
    TARGETS,
    PortfolioWorld,
    config,
)

AT_45_28_18_9 = {
    "BTC": Decimal("0.09"), "ETH": Decimal("1.12"), "SOL": Decimal(18), "MATIC": Decimal(1800),
}  # fmt: skip
FEES = {"taker_fee": Decimal("0.0005"), "maker_fee": Decimal("0.0002")}


def example(**more: Any) -> PortfolioWorld:
    """10,000 at 45/28/18/9, all of it claimed."""
    begun: dict[str, Any] = {
        "balances": AT_45_28_18_9, "capital": Decimal(0), "initial": Initial.CLAIM,
    }  # fmt: skip
    return PortfolioWorld(**(begun | more))


def bought(**more: Any) -> PortfolioWorld:
    """10,000 in cash, to be bought."""
    return PortfolioWorld(**more)


async def test_btc_45_of_40_sells_500_and_then_buys_eth_200_sol_200_matic_100() -> None:
    world = await example().start()
    # Sells first; the buys start when the proceeds are there.
    assert world.resting() == {"rebalance/1.1/BTC": ("sell", Decimal("0.01"))}
    await world.tick(PRICES)
    assert world.traded_value() == [
        ("rebalance/1.1/BTC", "sell", Decimal(500)),
        ("rebalance/1.1/ETH", "buy", Decimal(200)),
        ("rebalance/1.1/SOL", "buy", Decimal(200)),
        ("rebalance/1.1/MATIC", "buy", Decimal(100)),
    ]
    assert world.weights() == TARGETS | {"USDC": 0}
    (told,) = world.told("portfolioRebalanced")
    assert told.before == {"BTC": 45, "ETH": 28, "SOL": 18, "MATIC": 9, "USDC": 0}
    assert told.after == {"BTC": 40, "ETH": 30, "SOL": 20, "MATIC": 10, "USDC": 0}
    assert (told.orders, told.cost) == (4, 0)
    assert world.bot.saved.rebalances == 1
    assert world.told("warning") == world.told("error") == []


async def test_a_drift_under_the_threshold_waits() -> None:
    held = AT_45_28_18_9 | {"BTC": Decimal("0.088"), "ETH": Decimal("1.16")}
    world = await example(balances=held).start()
    await world.tick(PRICES, PRICES)
    assert world.resting() == {}
    assert world.fills() == []


async def test_the_first_purchase_from_cash_is_round_one() -> None:
    world = await bought(grain=FEES).start()
    await world.tick(PRICES)
    keys = [key for key, _, _ in world.traded_value()]
    assert keys == [f"rebalance/1.1/{coin}" for coin in TARGETS]
    assert world.bot.saved.rebalances == 1
    assert all(abs(world.weights()[coin] - TARGETS[coin]) < Decimal("0.01") for coin in TARGETS)
    assert 0 <= world.bot.books.cash < 1
    (told,) = world.told("portfolioRebalanced")
    assert told.before["USDC"] == 100
    assert told.cost == world.bot.books.fees > 0


async def test_after_a_rebalance_the_next_waits_for_min_interval() -> None:
    world = await bought().start()
    await world.tick(PRICES)
    up = PRICES | {"BTC": "62000"}
    await world.tick(up)
    done = world.strategy.state.finished_at
    assert done is not None
    await world.wait(done + HOUR - world.clock.now() - 1)
    assert world.bot.saved.rebalances == 1
    assert world.resting() == {}
    await world.wait(1)
    assert list(world.resting()) == ["rebalance/2.1/BTC"]


async def test_an_interval_rebalances_without_any_drift_to_speak_of() -> None:
    world = await bought(trigger=Trigger.INTERVAL, interval="2h").start()
    await world.tick(PRICES, PRICES | {"BTC": "51000"})
    await world.wait(2 * HOUR)
    assert list(world.resting()) == ["rebalance/2.1/BTC"]
    far = PRICES | {"BTC": "80000"}
    await world.tick(far, far, far)
    assert world.bot.saved.rebalances == 2


async def test_an_interval_with_nothing_to_trade_is_silent() -> None:
    world = await bought(trigger=Trigger.INTERVAL, interval="2h").start()
    await world.tick(PRICES)
    before = world.engine.bus.seq
    await world.wait(7 * HOUR)
    assert world.engine.bus.seq == before
    assert world.strategy.state.rounds == 1


async def test_what_was_sold_too_little_for_gets_another_pass() -> None:
    # BTC falls by half between the order and its fill: the proceeds are half of what was planned.
    world = await example().start()
    await world.tick({"BTC": "25000"}, PRICES | {"BTC": "25000"}, PRICES | {"BTC": "25000"})
    await world.tick({"BTC": "25000"})
    passes = {key.split("/")[1] for key, _, _ in world.traded_value()}
    assert passes == {"1.1", "1.2"}
    assert all(abs(world.weights()[coin] - TARGETS[coin]) < 1 for coin in TARGETS)
    assert world.bot.saved.rebalances == 1
    assert world.told("warning") == []


async def test_after_max_passes_what_is_left_is_said_and_the_next_waits_for_more() -> None:
    world = await example(max_passes=1).start()
    await world.tick({"BTC": "25000"}, PRICES | {"BTC": "25000"})
    (warning,) = world.told("warning")
    assert warning.message.startswith("rebalance 1 ended after 1 passes, but BTC is ")
    left = world.strategy.state.remained
    assert abs(left["BTC"]) > 5
    await world.wait(5 * HOUR)
    await world.tick(PRICES | {"BTC": "25000"})
    assert world.bot.saved.rebalances == 1
    assert world.resting() == {}
    await world.tick(PRICES | {"BTC": "15000"})
    assert world.strategy.state.rounds == 2


async def test_a_market_that_has_run_away_is_not_followed_but_planned_anew() -> None:
    world = await example().start()
    # While BTC is being sold, ETH rises by 1 %: more than the 0.5 % allowed.
    await world.tick({"ETH": "2525"}, {"BTC": "50000"})
    assert set(world.resting()) == {"rebalance/1.1/SOL", "rebalance/1.1/MATIC"}
    await world.tick({"SOL": "100", "MATIC": "0.5"})
    assert world.weights()["USDC"] > 1
    assert world.resting()["rebalance/1.2/ETH"][0] == "buy"
    await world.tick({"BTC": "50000", "ETH": "2525"})
    assert world.bot.saved.rebalances == 1
    assert world.weights()["USDC"] < 1


async def test_part_filled_orders_go_on_under_the_next_part_and_never_exceed_the_intent() -> None:
    world = await example(venue=PaperSettings(partial_fills=True)).start()
    await world.tick({"BTC": "50000"}, size="0.004")
    assert world.resting() == {"rebalance/1.1/BTC/p2": ("sell", Decimal("0.006"))}
    await world.tick({"BTC": "50000"}, size="0.004")
    assert world.resting() == {"rebalance/1.1/BTC/p3": ("sell", Decimal("0.002"))}
    await world.tick({"BTC": "50000"}, size="1")
    await world.tick(PRICES, size="10000")
    assert world.weights() == TARGETS | {"USDC": 0}
    (told,) = world.told("portfolioRebalanced")
    assert told.orders == 6


async def test_a_rest_under_the_minimum_is_left() -> None:
    world = await example(venue=PaperSettings(partial_fills=True)).start()
    await world.tick({"BTC": "50000"}, size="0.00999")
    # 0.00001 BTC is worth 0.50: no order. The buys begin.
    assert {side for side, _ in world.resting().values()} == {"buy"}
    await world.tick(PRICES, PRICES, size="10000")
    assert world.bot.saved.rebalances == 1
    assert world.told("warning") == []


async def test_dust_is_left_and_reported_and_never_tried_in_a_loop() -> None:
    # 60 in all: BTC's excess of 3 and what the others lack are under the least order of 10.
    dusty = {coin: quantity * 6 / 1000 for coin, quantity in AT_45_28_18_9.items()}
    world = await example(balances=dusty).start()
    for _ in range(5):
        await world.tick(PRICES, PRICES | {"BTC": "50100"})
        await world.wait(2 * HOUR)
    assert world.journal.orders(limit=-1) == []
    (warning,) = world.told("warning")
    assert warning.message == (
        "nothing to rebalance with: BTC is 5.0 points above its target, its order would be under "
        "the minimum; ETH is 2.0 points below its target, its order would be under the minimum; "
        "SOL is 2.0 points below its target, its order would be under the minimum"
    )
    assert world.bot.saved.rebalances == 0


async def test_what_a_round_leaves_since_it_is_too_small_is_told_once() -> None:
    world = await example(min_trade=Decimal(150)).start()
    await world.tick(PRICES, PRICES)
    told = [event.message for event in world.told("info")][1:]
    assert told == ["rebalance 1 leaves what is too small to trade: MATIC 100.00 USDC"]
    assert world.weights()["MATIC"] == 9


async def test_limit_orders_follow_the_price_and_give_up_when_it_runs_away() -> None:
    world = await example(order_type=OrderType.LIMIT, reprice_after="1m").start()
    order = world.bot.keeper.live["rebalance/1.1/BTC"]
    assert (order.price, order.type) == (Decimal(50_000), OrderType.LIMIT)
    await world.tick({"BTC": "49900"})
    await world.wait(61 * SECOND)
    order = world.bot.keeper.live["rebalance/1.1/BTC"]
    assert (order.price, order.generation) == (Decimal(49_900), 1)
    # 49,700 is more than 0.5 % under 50,000: the pass is given up, the next one asks there.
    await world.tick({"BTC": "49700"})
    await world.wait(61 * SECOND)
    assert world.bot.keeper.live["rebalance/1.2/BTC"].price == Decimal(49_700)
    await world.tick({"BTC": "49700"}, PRICES | {"BTC": "49700"})
    assert world.bot.saved.rebalances == 1
    assert world.fills()[0].price == Decimal(49_700)


async def test_the_next_pass_waits_until_the_orders_of_the_last_are_final() -> None:
    limits = {"order_type": OrderType.LIMIT, "reprice_after": "1m"}
    world = await example(venue=PaperSettings(latency_ms=1000), **limits).start()
    await world.wait(2 * SECOND)
    await world.tick({"BTC": "49700"})
    pegged = world.strategy.state.round.legs[0].pegged_at
    await world.wait(pegged + 60 * SECOND + SECOND // 2 - world.clock.now())
    # The cancel is on its way; the order may still fill, so nothing is planned without it.
    assert {order.key for order in world.journal.orders(limit=-1)} == {"rebalance/1.1/BTC"}
    await world.wait(2 * SECOND)
    assert set(world.resting()) == {"rebalance/1.2/BTC"}


async def test_paused_in_the_middle_sells_go_on_and_buys_wait() -> None:
    world = await example().start()
    await world.engine.execute(PauseBot("pf"))
    await world.engine.settle()
    assert list(world.resting()) == ["rebalance/1.1/BTC"]
    await world.tick(PRICES, PRICES)
    assert [side for _, side, _ in world.traded_value()] == ["sell"]
    assert world.resting() == {}
    await world.engine.execute(ResumeBot("pf"))
    await world.tick(PRICES, PRICES)
    assert world.traded_value()[1:] == [
        ("rebalance/1.1/ETH", "buy", Decimal(200)),
        ("rebalance/1.1/SOL", "buy", Decimal(200)),
        ("rebalance/1.1/MATIC", "buy", Decimal(100)),
    ]


async def test_buys_that_a_pause_has_cancelled_are_sent_again_under_their_keys() -> None:
    world = await example().start()
    await world.tick({"BTC": "50000"})
    assert len(world.resting()) == 3
    await world.engine.execute(PauseBot("pf"))
    await world.engine.settle()
    assert world.resting() == {}
    await world.wait(61 * SECOND)
    assert world.bot.plan.orders == ()
    await world.engine.execute(ResumeBot("pf"))
    await world.engine.settle()
    assert set(world.resting()) == {f"rebalance/1.1/{c}" for c in ("ETH", "SOL", "MATIC")}
    await world.tick(PRICES)
    assert world.weights() == TARGETS | {"USDC": 0}


async def test_a_paused_portfolio_begins_no_rebalance() -> None:
    world = bought()
    await world.engine.start()
    await world.engine.execute(PauseBot("pf"))
    await world.tick(PRICES, PRICES)
    assert world.resting() == {}
    await world.engine.execute(ResumeBot("pf"))
    await world.engine.settle()
    assert len(world.resting()) == 4


async def test_a_round_whose_orders_never_left_is_no_rebalance_and_is_tried_after_the_rest() -> (
    None
):
    world = await bought(max_passes=1).start()
    await world.engine.execute(PauseBot("pf"))
    # Its buys are cancelled, and while it is paused every price rises by 2 %.
    risen = {"BTC": "51000", "ETH": "2550", "SOL": "102", "MATIC": "0.51"}
    await world.engine.settle()
    await world.tick(risen)
    await world.engine.execute(ResumeBot("pf"))
    await world.engine.settle()
    assert world.resting() == {}
    (warning,) = world.told("warning")
    assert warning.message.startswith("rebalance 1 ended after 1 passes, but BTC is 40.0 points")
    assert (world.bot.saved.rebalances, world.told("portfolioRebalanced")) == (0, [])
    await world.wait(HOUR)
    assert set(world.resting()) == {f"rebalance/2.1/{coin}" for coin in TARGETS}


async def test_stop_gives_the_round_up_and_start_begins_the_next_at_once() -> None:
    world = await example().start()
    await world.engine.execute(StopBot("pf"))
    await world.engine.settle()
    assert world.resting() == {}
    await world.engine.execute(StartBot("pf"))
    await world.engine.settle()
    assert list(world.resting()) == ["rebalance/2.1/BTC"]


async def test_flatten_sells_every_coin_but_dust_and_start_buys_again() -> None:
    world = await example(grain=FEES).start()
    await world.tick(PRICES)
    # SOL's 20 coins are worth 0.20 now: no order, and nothing that others wait for.
    worthless = PRICES | {"SOL": "0.01"}
    await world.tick(worthless)
    await world.engine.execute(FlattenBot("pf"))
    for _ in range(6):
        await world.tick(worthless)
    held = {coin: world.bot.position(f"{coin}/USDC") for coin in TARGETS}
    assert {coin for coin, quantity in held.items() if quantity * 10_000 > 1} == {"SOL"}
    assert world.bot.standing.state.value == "stopped"
    assert world.told("error") == []
    await world.engine.execute(StartBot("pf"))
    await world.tick(worthless)
    assert world.strategy.state.rounds == 2


async def test_changed_targets_are_looked_at_at_once() -> None:
    world = await example().start()
    await world.tick(PRICES)
    moved = TARGETS | {"BTC": Decimal(30), "ETH": Decimal(40)}
    world.config = config(moved, initial=Initial.CLAIM)
    await world.crash()
    await world.tick(PRICES)
    assert list(world.resting()) == ["rebalance/2.1/BTC"]
    assert len(world.told("configChanged")) == 1


async def test_claimed_coins_are_those_that_no_bot_owns_and_cash_is_the_capital() -> None:
    balances = AT_45_28_18_9 | {"USDC": Decimal(5000), "XRP": Decimal(7)}
    world = await example(balances=balances).start()
    assert world.bot.books.capital == 10_000
    assert world.bot.books.cash == 0
    with_cash = await example(balances=balances, capital=Decimal(2000)).start()
    assert with_cash.bot.books.capital == 12_000


async def test_without_a_capital_the_least_sensible_one_is_taken() -> None:
    world = await bought(capital=Decimal(0)).start()
    assert world.bot.books.capital == 400


# on any path

COINS = ("BTC", "ETH", "SOL")
SHARES = {"BTC": Decimal(50), "ETH": Decimal(30), "SOL": Decimal(20)}
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


@pytest.mark.parametrize("coins", [1, 2])
async def test_a_portfolio_of_few_coins_and_cash_works_too(coins: int) -> None:
    names = list(SHARES)[:coins]
    shares = dict.fromkeys(names, Decimal(20)) | {"USDC": Decimal(100 - 20 * coins)}
    world = await bought(targets=shares).start({c: PRICES[c] for c in names})
    await world.tick({c: PRICES[c] for c in names})
    assert world.weights() == shares
