"""Requests leave a lane in the order they came, and each gets its own part of a reply."""

import asyncio

import pytest

from nimbus_tui.core.ids import ExchangeOrderId
from nimbus_tui.core.order import CancelRequest, OrderRequest, Refused, Unknown
from nimbus_tui.exchanges.hyperliquid.lanes import (
    NotSent,
    OrderLane,
    Waiting,
    cancel_lane,
    cloid_lane,
    order_lane,
)
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    Cancel,
    CancelAction,
    CancelByCloidAction,
    Order,
    OrderAction,
)
from tests.exchanges.hyperliquid.desk import BTC, accepted, identity, reply, request, wire


def join(lane: OrderLane, number: int, now: int = 0) -> Waiting[Order, OrderRequest]:
    return lane.join(wire(request(number)), request(number), now)


async def test_they_leave_in_order_and_no_more_than_there_is_room_for() -> None:
    lane = order_lane(urgent=False)
    waiting = [join(lane, number) for number in range(5)]
    assert len(lane) == 5
    assert lane.next_batch(0) == []
    assert lane.next_batch(2) == waiting[:2]
    assert lane.next_batch(9) == waiting[2:]
    assert lane.next_batch(9) == []


async def test_who_waits_no_longer_takes_no_room() -> None:
    lane = order_lane(urgent=False)
    waiting = [join(lane, number) for number in range(4)]
    waiting[0].answer.cancel()
    waiting[2].answer.cancel()
    assert lane.next_batch(2) == [waiting[1], waiting[3]]


async def test_each_gets_its_own_part_of_the_reply() -> None:
    lane = order_lane(urgent=False)
    batch = [join(lane, number) for number in range(4)]
    batch[1].answer.cancel()
    statuses = [
        {"resting": {"oid": 5}},
        {"resting": {"oid": 6}},
        {"error": "Order has zero size."},
        "waitingForTrigger",
    ]
    lane.settle(batch, reply(*statuses).body, 200)
    assert await batch[0].answer == accepted("5")
    assert batch[1].answer.cancelled()
    assert isinstance(await batch[2].answer, Refused)
    assert isinstance(await batch[3].answer, Unknown)


async def test_the_first_answer_counts() -> None:
    one = join(order_lane(urgent=False), 1)
    one.settle(accepted("1"))
    one.settle(accepted("2"))
    one.stay("too late")
    assert await one.answer == accepted("1")


async def test_who_waits_too_long_is_told_that_it_has_not_left() -> None:
    lane = order_lane(urgent=False)
    old, young = join(lane, 1, now=10), join(lane, 2, now=11)
    lane.give_up(10, "no room")
    with pytest.raises(NotSent, match="no room"):
        await old.answer
    assert not young.answer.done()
    assert lane.next_batch(5) == [young]


async def test_all_can_be_given_up() -> None:
    lane = order_lane(urgent=True)
    waiting = [join(lane, number, now=number) for number in range(3)]
    waiting[1].answer.cancel()
    lane.give_up_all("closed")
    got = await asyncio.gather(*(one.answer for one in waiting), return_exceptions=True)
    assert [type(one) for one in got] == [NotSent, asyncio.CancelledError, NotSent]
    assert len(lane) == 0


async def test_orders_expire_and_cancels_neither_expire_nor_wait_for_the_reserve() -> None:
    lanes = order_lane(urgent=False), order_lane(urgent=True), cancel_lane(), cloid_lane()
    assert [(lane.urgent, lane.expires) for lane in lanes] == [
        (False, True),
        (True, True),
        (True, False),
        (True, False),
    ]
    assert [type(lane.action(())) for lane in lanes] == [
        OrderAction,
        OrderAction,
        CancelAction,
        CancelByCloidAction,
    ]


async def test_a_cancel_that_succeeds_keeps_the_orders_number() -> None:
    lane = cancel_lane()
    asked = CancelRequest(
        client_order_id=identity(1), symbol=BTC, exchange_order_id=ExchangeOrderId("77")
    )
    one = lane.join(Cancel(3, 77), asked, 0)
    lane.settle([one], reply("success", kind="cancel").body, 200)
    assert await one.answer == accepted("77")
