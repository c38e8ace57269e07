"""Refusals that depend on the market, the account and its other orders."""

from decimal import Decimal
from typing import Any

import pytest

from tests.exchanges.hyperliquid.server.actions import Modify, OrderWire
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.moving import set_mark
from tests.exchanges.hyperliquid.server.offline import ETH, place, stop, wire
from tests.exchanges.hyperliquid.server.placing import cancel, modify
from tests.exchanges.hyperliquid.server.sdk import MASTER, OTHER
from tests.exchanges.hyperliquid.server.world import World

DYDX = 6
MATIC = 5


def errors(told: list[Any]) -> list[str]:
    return [status["error"] for status in told if "error" in status]


def test_an_asset_that_is_not_there_or_no_longer_traded_is_refused(world: World) -> None:
    assert errors(place(world, wire("10", "10", asset=99))) == ["Asset does not exist. asset=99"]
    assert errors(place(world, wire("0.4", "100", asset=MATIC))) == ["Trading is halted. asset=5"]
    assert [violation.rule for violation in world.audit.violations] == [Rule.ASSET, Rule.ASSET]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (wire("0.6", "840000", tif="Ioc", asset=DYDX), "Order value too large. Max is $500000."),
        (wire("0.6", "8400000", asset=DYDX), "Order value too large. Max is $5000000."),
        (wire("2400", "6300", tif="Ioc"), "Order value too large. Max is $15000000."),
    ],
)
def test_an_order_may_be_too_large(world: World, sent: OrderWire, words: str) -> None:
    assert errors(place(world, sent)) == [f"{words} asset={sent.a}"]


def test_the_thousand_and_first_order_is_one_too_many(world: World) -> None:
    for _ in range(5):
        assert errors(place(world, *[wire("2000", "0.005")] * 200)) == []
    told = errors(place(world, wire("2000", "0.005")))
    assert told == ["Too many open orders. asset=4"]
    world.accounts[MASTER].volume = Decimal(5_000_000)
    assert errors(place(world, wire("2000", "0.005"), stop("2000", "0.005", "2100"))) == [
        "Too many open orders. asset=4"
    ]


def test_a_market_order_that_wakes_in_an_empty_book_is_gone(world: World) -> None:
    book = world.books["ETH"]
    book.liquidity = Decimal(0)
    book.refill()
    assert book.bbo() == [None, None]
    assert book.context()["midPx"] is None
    place(world, stop("2450", "1", "2410", buy=True))
    set_mark(world, "ETH", Decimal(2410))
    (order,) = world.accounts[MASTER].orders
    assert order.status == "marketOrderNoLiquidityRejected"


def test_a_modification_that_cannot_be_placed_has_cancelled(world: World) -> None:
    (placed,) = place(world, wire("2390", "1"))
    account = world.accounts[MASTER]
    change = Modify(placed["resting"]["oid"], wire("2390", "1000", tif="Alo"))
    told = modify(world, account, change, always=False)
    words = "Error placing new order during modify: Insufficient margin to place order. asset=4"
    assert told == {"error": words}
    assert account.open_orders == []


def test_an_account_sees_and_cancels_only_its_own(world: World) -> None:
    (placed,) = place(world, wire("2390", "1"), user=OTHER)
    told = cancel(world, world.accounts[MASTER], ETH, placed["resting"]["oid"])
    assert isinstance(told, dict)
    assert len(world.accounts[OTHER].open_orders) == 1


def test_a_cancel_names_the_right_asset(world: World) -> None:
    (placed,) = place(world, wire("2390", "1"))
    told = cancel(world, world.accounts[MASTER], DYDX, placed["resting"]["oid"])
    missing = "Order was never placed, already canceled, or filled. asset=6"
    assert told == {"error": missing}


def test_an_empty_batch_is_one_error(world: World) -> None:
    assert place(world) == [{"error": "Empty batch."}]


def test_an_account_with_isolated_coins_only_uses_isolated_margin(world: World) -> None:
    place(world, wire("311", "1", tif="Ioc", asset=8))
    account = world.accounts[MASTER]
    assert account.positions["XMR"].isolated > 0
    assert not world.leverage(account, "XMR").cross


def test_an_order_that_the_venue_cancels_is_told_as_such(world: World) -> None:
    (placed,) = place(world, wire("2400", "1", buy=False))
    world.news.clear()
    place(world, wire("2400", "1", tif="Ioc"))
    told = [news.payload for news in world.news if news.channel == "nonUserCancel"]
    assert told == [{"coin": "ETH", "oid": placed["resting"]["oid"]}]
