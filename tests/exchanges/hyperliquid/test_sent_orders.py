"""What has left is known, what came of it is heard by all who ask, and old ones are forgotten."""

import asyncio

import pytest

from nimbus_tui.core.order import RefusalKind, Refused
from nimbus_tui.exchanges.hyperliquid import sent_orders
from nimbus_tui.exchanges.hyperliquid.sent_orders import SentOrders
from tests.exchanges.hyperliquid.desk import accepted, identity, request

BUSY = Refused(RefusalKind.BUSY, "for the moment")


async def test_what_has_left_is_known_with_its_terms() -> None:
    sent = SentOrders()
    assert sent.get(identity(1)) is None
    assert sent.request(identity(1)) is None
    one = sent.remember(request(1))
    assert sent.get(identity(1)) is one
    assert sent.request(identity(1)) == request(1)


async def test_everybody_who_asks_hears_the_one_answer() -> None:
    sent = SentOrders()
    one = sent.remember(request(1))
    asking = [asyncio.ensure_future(asyncio.shield(one.answer)) for _ in range(2)]
    sent.answered(one, accepted("9"))
    sent.answered(one, BUSY)
    assert await asyncio.gather(*asking) == [accepted("9")] * 2


async def test_a_refused_order_stays_known_and_one_that_stayed_does_not() -> None:
    sent = SentOrders()
    refused, stayed = sent.remember(request(1)), sent.remember(request(2))
    sent.answered(refused, BUSY)
    sent.stayed(stayed, BUSY)
    assert sent.get(identity(1)) is refused
    assert sent.get(identity(2)) is None
    assert await stayed.answer == BUSY


async def test_one_that_stayed_takes_not_its_successor_with_it() -> None:
    sent = SentOrders()
    first = sent.remember(request(1))
    second = sent.remember(request(1))
    sent.stayed(first, BUSY)
    assert sent.get(identity(1)) is second


async def test_only_the_newest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_orders, "MOST_REMEMBERED", 3)
    sent = SentOrders()
    first = sent.remember(request(0))
    for number in range(1, 5):
        sent.remember(request(number))
    known = [number for number in range(5) if sent.get(identity(number)) is not None]
    assert known == [2, 3, 4]
    sent.answered(first, accepted("1"))
    sent.stayed(first, BUSY)
    assert await first.answer == accepted("1")
