"""The portfolio through the engine on the paper exchange, on its own numbers."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.control.commands import FlattenBot, PauseBot, ResumeBot, StartBot, StopBot
from nimbus_tui.core.order import OrderType
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.strategies.portfolio_weights import Initial, Trigger
from tests.simulation.portfolio_world import (
    HOUR,
    PRICES,
    SECOND,
    TARGETS,
    PortfolioWorld,
    config,
)
from tests.strategies.portfolios import FEES, SHARES, bought

AT_45_28_18_9 = {
    "BTC": Decimal("0.09"), "ETH": Decimal("1.12"), "SOL": Decimal(18), "MATIC": Decimal(1800),
}  # fmt: skip


def example(**more: Any) -> PortfolioWorld:
    """10,000 at 45/28/18/9, all of it claimed."""
    begun: dict[str, Any] = {
        "balances": AT_45_28_18_9, "capital": Decimal(0), "initial": Initial.CLAIM,
    }  # fmt: skip
    return PortfolioWorld(**(begun | more))


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


@pytest.mark.parametrize("coins", [1, 2])
async def test_a_portfolio_of_few_coins_and_cash_works_too(coins: int) -> None:
    names = list(SHARES)[:coins]
    shares = dict.fromkeys(names, Decimal(20)) | {"USDC": Decimal(100 - 20 * coins)}
    world = await bought(targets=shares).start({c: PRICES[c] for c in names})
    await world.tick({c: PRICES[c] for c in names})
    assert world.weights() == shares
