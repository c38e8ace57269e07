"""A move fills what it crosses, in price-time order, and leaves an uncrossed book."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.actions import Modify
from tests.exchanges.hyperliquid.server.moving import move, set_mark
from tests.exchanges.hyperliquid.server.offline import fills, place, stop, wire, world_of_two
from tests.exchanges.hyperliquid.server.placing import modify
from tests.exchanges.hyperliquid.server.sdk import MASTER, OTHER
from tests.exchanges.hyperliquid.server.states import order_status
from tests.exchanges.hyperliquid.server.world import World


def test_a_move_fills_the_best_price_first_and_then_the_earlier(world: World) -> None:
    place(world, wire("2390", "1"), wire("2395", "2"), wire("2395", "3"), wire("2380", "4"))
    assert move(world, "ETH", Decimal("2385.55")) == Decimal("2385.5")
    assert fills(world) == [("2395.0", "2.0"), ("2395.0", "3.0"), ("2390.0", "1.0")]


def test_a_move_ends_where_its_volume_ends(world: World) -> None:
    place(world, wire("2395", "2"), wire("2390", "2"))
    assert move(world, "ETH", Decimal(2300), volume=Decimal("2.5")) == Decimal(2390)
    assert fills(world) == [("2395.0", "2.0"), ("2390.0", "0.5")]
    bid, ask = world.books["ETH"].bbo()
    assert (bid, ask) == (
        {"px": "2390.0", "sz": "1.5", "n": 1},
        {"px": "2390.1", "sz": "41.8411", "n": 1},
    )
    assert world.books["ETH"].mark == Decimal(2390)


def test_a_move_up_fills_sells(world: World) -> None:
    place(world, wire("2410", "1", buy=False), wire("2420", "1", buy=False))
    move(world, "ETH", Decimal(2410))
    assert fills(world) == [("2410.0", "1.0")]
    assert world.accounts[MASTER].position_size("ETH") == -1


def test_a_taker_walks_through_strangers_and_clients(world: World) -> None:
    world.books["ETH"].liquidity = Decimal(1)
    world.books["ETH"].refill()
    place(world, wire("2400.2", "1", buy=False), user=OTHER)
    (told,) = place(world, wire("2400.2", "2.5", tif="Ioc"))
    assert told["filled"]["totalSz"] == "2.5"
    assert fills(world) == [("2400.1", "1.0"), ("2400.2", "1.0"), ("2400.2", "0.5")]
    assert fills(world, OTHER) == [("2400.2", "1.0")]
    (told,) = place(world, wire("2400.2", "2", tif="Ioc"))
    assert told["filled"]["totalSz"] == "0.5"
    assert world.accounts[MASTER].orders[-1].status == "canceled"


def test_a_gtc_that_fills_in_part_rests_and_answers_as_it_is_read(world: World) -> None:
    world.books["ETH"].liquidity = Decimal(1)
    world.books["ETH"].refill()
    (told,) = place(world, wire("2400.1", "3"))
    assert told["filled"]["totalSz"] == "1.0"
    move(world, "ETH", Decimal(2410))
    world.readings.partial_gtc_rests = True
    (told,) = place(world, wire("2410.1", "3"))
    assert list(told) == ["resting"]


def test_a_client_id_in_use_can_be_refused(world: World) -> None:
    world.readings.duplicate_cloid_refused = True
    named = wire("2390", "1")
    named.c = "0x" + "1" * 32
    first, second = place(world, named), place(world, named)
    assert (list(first[0]), list(second[0])) == (["resting"], ["error"])


def test_a_partial_fill_can_cause_an_update(world: World) -> None:
    world.readings.partial_updates = True
    place(world, wire("2390", "2"))
    world.news.clear()
    move(world, "ETH", Decimal(2390), volume=Decimal(1))
    (update,) = [news.payload for news in world.news if news.channel == "orderUpdates"]
    assert (update["status"], update["order"]["sz"]) == ("open", "1.0")


@pytest.mark.parametrize("refused", [True, False])
def test_a_trigger_that_has_passed_wakes_or_is_refused(world: World, refused: bool) -> None:
    world.readings.passed_trigger_refused = refused
    (told,) = place(world, stop("2450", "1", "2390", buy=True))
    assert list(told) == (["error"] if refused else ["resting"])
    assert world.accounts[MASTER].position_size("ETH") == (0 if refused else 1)


def test_a_stop_without_its_position_is_cancelled_and_not_filled(world: World) -> None:
    place(world, wire("2400.1", "1", tif="Ioc"))
    (told,) = place(world, stop("2200", "1", "2390", reduce=True), grouping="positionTpsl")
    assert told == "waitingForTrigger"
    place(world, wire("2399.9", "1", buy=False, tif="Ioc"))
    set_mark(world, "ETH", Decimal(2380))
    assert world.accounts[MASTER].orders[1].status == "reduceOnlyCanceled"
    assert len(world.accounts[MASTER].fills) == 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from([MASTER, OTHER]),
        st.booleans(),
        st.integers(2300, 2500),
        st.integers(1, 40),
        st.sampled_from(["Gtc", "Ioc", "Alo"]),
        st.booleans(),
        st.integers(2300, 2500),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_books_stay_uncrossed_and_fills_add_up(steps: list[Any]) -> None:
    world = world_of_two()
    for user, buy, px, size, tif, reduce, target in steps:
        place(world, wire(str(px), f"{size}", buy=buy, tif=tif, reduce=reduce), user=user)
        move(world, "ETH", Decimal(target), volume=Decimal(size))
        bid, ask = world.books["ETH"].bbo()
        assert bid is not None
        assert ask is not None
        assert Decimal(bid["px"]) < Decimal(ask["px"])
        for account in world.accounts.values():
            assert account.position_size("ETH") == summed(account)
            check_orders(account)


def summed(account: Account) -> Decimal:
    sign = {"B": 1, "A": -1}
    return sum((sign[fill["side"]] * Decimal(fill["sz"]) for fill in account.fills), Decimal(0))


def check_orders(account: Account) -> None:
    for order in account.orders:
        filled = sum(
            (Decimal(fill["sz"]) for fill in account.fills if fill["oid"] == order.oid), Decimal(0)
        )
        assert order.filled == filled
        assert 0 <= order.left <= order.asked
        assert (order.status == "filled") == (order.left == 0 and order.filled > 0)
    held = account.position_size("ETH")
    reducing = [order for order in account.open_orders if order.reduce_only]
    assert sum((order.left for order in reducing), Decimal(0)) <= abs(held)


def test_what_replaces_an_order_must_not_cross_unless_it_is_said(world: World) -> None:
    (placed,) = place(world, wire("2390", "1"))
    account = world.accounts[MASTER]
    change = Modify(placed["resting"]["oid"], wire("2410", "1"))
    assert list(modify(world, account, change, always=False)) == ["error"]
    assert [order.status for order in account.orders] == ["open"]
    assert list(modify(world, account, change, always=True)) == ["filled"]
    assert [order.status for order in account.orders] == ["canceled", "filled"]


def test_a_young_order_may_be_unknown(world: World) -> None:
    (placed,) = place(world, wire("2390", "1"))
    account, oid = world.accounts[MASTER], placed["resting"]["oid"]
    assert order_status(world, account, oid)["status"] == "order"
    world.readings.status_lag_ms = 60_000
    assert order_status(world, account, oid) == {"status": "unknownOid"}
