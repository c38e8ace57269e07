"""Requests that go wrong: the adapter says what it knows, never sends twice, looks things up."""

import asyncio
from random import Random

import pytest

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.order import (
    Accepted,
    NotFound,
    OrderReport,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.exchanges.hyperliquid import posting
from nimbus_tui.exchanges.net.backoff import Backoff
from tests.exchanges.hyperliquid.opened import ETH, Opened, buy, cancel_of, opened, our, until
from tests.exchanges.hyperliquid.server.faults import BEFORE, Fault

ANSWERED = frozenset({Fault.SLOW, Fault.LATE, Fault.LATE_EVENTS, Fault.DUPLICATE})
"""Those after which the venue's own answer comes."""
SHORT_S = 0.3
WAYS = ["socket", "REST"]


def hurried(both: Opened, fault: Fault, way: str, patch: pytest.MonkeyPatch) -> None:
    """Send by a way, wait little for answers that won't come, and little after a 429."""
    rest = both.exchange.connection.rest
    if fault not in ANSWERED:
        patch.setattr(posting, "ANSWER_WITHIN_S", SHORT_S)
        patch.setattr(rest, "_timeout_s", SHORT_S)
    patch.setattr(rest, "_after_429", Backoff(Random(1), first_s=0.02, most_s=0.05))
    if way == "REST":
        patch.setattr(posting, "MOST_POSTS", 0)


async def state_of(both: Opened) -> OrderState | None:
    """What the look-up says of the order, once the venue can be asked again."""
    found = await both.exchange.order_status(our(1), ETH)
    return None if isinstance(found, NotFound) else found.state


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
async def test_an_order_whose_request_goes_wrong_is_sent_once_and_its_truth_is_found(
    fault: Fault, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as both:
        hurried(both, fault, way, monkeypatch)
        both.server.faults.script(fault, on="order", seconds=0.05)
        answer = await both.exchange.place_order(buy())
        assert type(answer) is (Accepted if fault in ANSWERED else Unknown)
        assert await state_of(both) is (None if fault in BEFORE else OrderState.OPEN)
        assert await both.exchange.place_order(buy()) == answer
        assert both.server.faults.happened[fault] == 1
        assert len(both.account.orders) == (fault not in BEFORE)
        await until(both.exchange.is_connected)
        await both.move("2388")
        await until(lambda: len(both.fills) == (fault not in BEFORE))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
async def test_a_cancel_whose_request_goes_wrong_says_what_is_known_and_may_be_sent_again(
    fault: Fault, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as both:
        placed = await both.exchange.place_order(buy())
        assert isinstance(placed, Accepted)
        # Over the socket by the venue's id, by REST by ours.
        known = {"exchange_order_id": placed.exchange_order_id} if way == "socket" else {}
        hurried(both, fault, way, monkeypatch)
        both.server.faults.script(fault, on="cancel" if known else "cancelByCloid", seconds=0.05)
        answer = await both.exchange.cancel_order(cancel_of(**known))
        assert type(answer) is (Accepted if fault in ANSWERED else Unknown)
        done = fault not in BEFORE
        assert await state_of(both) is (OrderState.CANCELLED if done else OrderState.OPEN)
        again = await both.exchange.cancel_order(cancel_of(**known))
        if done:
            assert isinstance(again, Refused)
            assert again.kind is RefusalKind.NOT_FOUND
        else:
            assert isinstance(again, Accepted)
        assert await state_of(both) is OrderState.CANCELLED
        assert not await both.exchange.open_orders()


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.value)
async def test_a_look_up_that_goes_wrong_never_denies_an_order_that_lives(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as both:
        await both.exchange.place_order(buy())
        hurried(both, fault, "REST", monkeypatch)
        both.server.faults.script(fault, on="orderStatus", times=2, seconds=0.05)
        if fault in ANSWERED | {Fault.DUPLICATE_LAST}:
            assert await state_of(both) is OrderState.OPEN
        else:
            with pytest.raises(ExchangeError):
                await both.exchange.order_status(our(1), ETH)
        both.server.faults.clear()
        assert await state_of(both) is OrderState.OPEN


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "fault", [Fault.CUT_AFTER, Fault.HANG_AFTER, Fault.TRUNCATED, Fault.DUPLICATE_LAST]
)
async def test_an_order_that_fills_while_its_answer_is_lost_is_one_order_and_one_fill(
    fault: Fault, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as both:
        hurried(both, fault, way, monkeypatch)
        both.server.faults.script(fault, on="order")
        taker = buy(price=None, post_only=False, type=OrderType.MARKET)
        assert isinstance(await both.exchange.place_order(taker), Unknown)
        await until(lambda: len(both.fills) == 1)
        found = await both.exchange.order_status(our(1), ETH)
        assert isinstance(found, OrderReport)
        assert (found.state, found.filled) == (OrderState.FILLED, taker.quantity)
        assert both.account.position_size("ETH") == taker.quantity
        assert await both.traded() == taker.quantity
        assert len(both.fills) == 1


async def test_a_batch_whose_answer_is_lost_leaves_every_order_unknown_and_findable() -> None:
    async with opened() as both:
        both.server.faults.script(Fault.CUT_AFTER, on="order")
        answers = await asyncio.gather(
            *(both.exchange.place_order(buy(number, str(2380 + number))) for number in range(8))
        )
        assert {type(answer) for answer in answers} == {Unknown}
        assert both.server.audit.actions["order"] == 1
        for number in range(8):
            found = await both.exchange.order_status(our(number), ETH)
            assert isinstance(found, OrderReport)
            assert found.price == 2380 + number
        assert len(both.account.orders) == 8
