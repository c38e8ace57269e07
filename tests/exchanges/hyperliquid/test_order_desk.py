"""Orders leave together where they may, within the budgets, once; everybody gets an answer."""

import asyncio
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.core.order import Accepted, OrderResponse, RefusalKind, Refused, Unknown
from nimbus_tui.exchanges.hyperliquid.address_budget import TRICKLE_NS
from nimbus_tui.exchanges.hyperliquid.cloids import cloid_of
from nimbus_tui.exchanges.hyperliquid.lanes import MOST_TOGETHER, NotSent
from nimbus_tui.exchanges.hyperliquid.order_desk import (
    EXPIRES_AFTER_S,
    PATIENCE_NS,
    TAKERS_WAIT_NS,
)
from nimbus_tui.exchanges.hyperliquid.wire_actions import L1Action
from nimbus_tui.exchanges.hyperliquid.wire_info import UserRateLimit
from nimbus_tui.exchanges.net.http import HttpReply
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from tests.exchanges.hyperliquid.desk import Desk, accepted, identity, reply
from tests.exchanges.net.virtual import START_NS, in_virtual_time

PATIENCE_S = PATIENCE_NS / 1e9
POST_ONLY = "Only post-only orders allowed immediately after a network upgrade asset=3"


def cloids(*numbers: int) -> list[str]:
    return [str(cloid_of(identity(number))) for number in numbers]


def limit(desk: Desk, used: int, cap: int) -> None:
    told = {"cumVlm": "0", "nRequestsUsed": used, "nRequestsCap": cap}
    known = msgspec.convert(told, UserRateLimit, strict=False)
    desk.address.learn(known, sent_before=desk.address.sent)


async def outcomes(*asked: Any) -> list[OrderResponse | BaseException]:
    return await asyncio.gather(*asked, return_exceptions=True)


def test_what_is_asked_for_in_one_moment_leaves_together_and_in_order() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        answers = await asyncio.gather(*(desk.place(number) for number in range(5)))
        assert answers == [accepted(str(number + 1)) for number in range(5)]
        assert desk.venue.sent == [cloids(0, 1, 2, 3, 4)]

    in_virtual_time(play)


def test_post_only_taking_and_closing_orders_and_both_cancels_leave_apart() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        await asyncio.gather(
            desk.place(1),
            desk.place(2, post_only=False),
            desk.place(3, reduce_only=True),
            desk.place(4, post_only=False, reduce_only=True),
            desk.cancel(5),
            desk.cancel(6, by_cloid=True),
            desk.place(7),
        )
        by_cloid = f"cancel {cloids(6)[0]}"
        assert sorted(desk.venue.sent) == sorted(
            [cloids(1, 7), cloids(2), cloids(3), cloids(4), ["cancel 5"], [by_cloid]]
        )

    in_virtual_time(play)


def test_more_than_a_weight_of_one_allows_leaves_in_several_actions() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        await asyncio.gather(*(desk.place(number) for number in range(100)))
        assert [len(one) for one in desk.venue.sent] == [MOST_TOGETHER, MOST_TOGETHER, 22]
        assert [item for one in desk.venue.sent for item in one] == cloids(*range(100))

    in_virtual_time(play)


def test_orders_carry_a_deadline_by_the_venues_clock_and_cancels_none() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        await asyncio.gather(desk.place(1), desk.cancel(2))
        deadlines = {len(str(deadline or "")): deadline for *_, deadline in desk.venue.posts}
        assert deadlines == {13: START_NS // 1_000_000 + 7 + EXPIRES_AFTER_S * 1000, 0: None}

    in_virtual_time(play)


def test_the_deadline_counts_from_leaving_not_from_asking() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        desk.budget.penalise(1.5)
        await desk.place(1)
        [(left_s, _action, deadline)] = desk.venue.posts
        assert left_s > 2.9
        assert deadline == round(START_NS / 1e6 + left_s * 1000) + 7 + EXPIRES_AFTER_S * 1000

    in_virtual_time(play)


def test_one_answer_for_a_whole_batch_is_everybodys() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        text = "Order has invalid price. asset=3"
        desk.venue.answer = lambda _: reply({"error": text})
        refused = Refused(RefusalKind.INVALID, text)
        assert await outcomes(desk.place(1), desk.place(2)) == [refused] * 2

    in_virtual_time(play)


def test_a_batch_with_an_answer_missing_is_unknown_to_all() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        desk.venue.answer = lambda _: reply({"resting": {"oid": 1}}, {"resting": {"oid": 2}})
        answers = await asyncio.gather(*(desk.place(number) for number in range(3)))
        assert {type(answer) for answer in answers} == {Unknown}

    in_virtual_time(play)


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (NoAnswer(True, "lost"), Unknown),
        (NoAnswer(False, "nobody there"), NotSent),
        (ExchangeError("the disk is full"), NotSent),
        (HttpReply(429, b"null"), Unknown),
        (HttpReply(502, b"<html>"), Unknown),
        (HttpReply(200, b"{"), Unknown),
        (HttpReply(200, b'{"status":"err","response":"Insufficient margin"}'), Refused),
    ],
)
def test_each_way_to_fail_is_told_to_all(
    happens: HttpReply | Exception, expected: type[object]
) -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        desk.venue.answer = lambda _: happens
        got = await outcomes(desk.place(1), desk.place(2), desk.cancel(3))
        assert [type(one) for one in got] == [expected] * 3
        assert len(desk.venue.posts) == 2
        assert desk.address.sent == (0 if expected is NotSent else 3)

    in_virtual_time(play)


def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> None:
        faults: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: faults.append(context))
        desk = Desk(clock)
        desk.venue.answer = lambda _: KeyError("x")
        async with asyncio.timeout(60):
            assert [type(one) for one in await outcomes(desk.place(1), desk.cancel(2))] == [
                Unknown
            ] * 2

    in_virtual_time(play)


def test_an_order_waits_for_the_budget_with_patience_and_then_has_not_left() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> None:
        desk = Desk(clock, per_minute=10)
        desk.budget.charge(8)  # only the reserve is left
        [answer] = await outcomes(desk.place(1))
        assert isinstance(answer, NotSent)
        assert PATIENCE_S <= loop.time() < PATIENCE_S + 0.5
        assert desk.venue.posts == []

    in_virtual_time(play)


def test_exits_and_cancels_leave_while_ordinary_orders_wait() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> None:
        desk = Desk(clock, per_minute=20)
        desk.budget.charge(16)
        ordinary = [desk.place(number, post_only=number % 2 == 0) for number in range(10)]
        urgent = [
            desk.place(11, post_only=False, reduce_only=True),
            desk.place(12, reduce_only=True),
            desk.cancel(13),
            desk.cancel(14, by_cloid=True),
        ]
        assert [type(one) for one in await outcomes(*urgent)] == [Accepted] * 4
        assert loop.time() < 1.0
        assert {type(one) for one in await outcomes(*ordinary)} == {NotSent}

    in_virtual_time(play)


def test_the_last_actions_of_the_address_are_kept_for_exits() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        limit(desk, used=9_960, cap=10_000)
        desk.address.count(0)
        ordinary = [desk.place(number) for number in range(5)]
        exits = [desk.place(100 + number, reduce_only=True) for number in range(40)]
        assert {type(one) for one in await outcomes(*exits)} == {Accepted}
        assert {type(one) for one in await outcomes(*ordinary)} == {NotSent}

    in_virtual_time(play)


def test_batches_that_leave_in_one_moment_do_not_overdraw_the_address() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        limit(desk, used=0, cap=160)  # 60 and the 100 that are kept
        got = await outcomes(*(desk.place(number) for number in range(117)))
        sent = sum(len(one) for one in desk.venue.sent)
        assert sent == sum(isinstance(one, Accepted) for one in got)
        assert 39 <= sent <= 60

    in_virtual_time(play)


def test_beyond_the_cap_one_action_leaves_every_ten_seconds() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        limit(desk, used=10_000, cap=10_000)
        got = await outcomes(*(desk.place(number, reduce_only=True) for number in range(20)))
        assert sum(isinstance(one, Accepted) for one in got) == 1
        assert loop.time() < TRICKLE_NS / 1e9
        await clock.sleep(TRICKLE_NS / 1e9)
        assert await outcomes(desk.place(30, reduce_only=True)) == [accepted("1")]
        times = [at for at, _, _ in desk.venue.posts]
        assert times[1] - times[0] >= 10

    in_virtual_time(play)


def test_after_a_post_only_phase_began_takers_stay_at_home_and_makers_go() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        desk.venue.answer = lambda _: reply({"error": POST_ONLY})
        assert await desk.place(1, post_only=False) == Refused(RefusalKind.BUSY, POST_ONLY)
        begins = desk.desk.is_post_only
        desk.venue.answer = lambda _: reply({"resting": {"oid": 9}})
        with pytest.raises(NotSent):
            await desk.place(2, post_only=False)
        assert await desk.place(3) == accepted("9")
        await clock.sleep(TAKERS_WAIT_NS / 1e9)
        assert (begins, desk.desk.is_post_only) == (True, False)
        assert await desk.place(4, post_only=False) == accepted("9")

    in_virtual_time(play)


def test_a_clock_that_is_set_back_does_not_keep_takers_at_home() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        desk.venue.answer = lambda _: reply({"error": POST_ONLY})
        await desk.place(1, post_only=False)
        clock.offset_ns -= 3_600_000_000_000
        assert not desk.desk.is_post_only

    in_virtual_time(play)


def test_who_gives_up_before_it_leaves_sends_nothing() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        desk.budget.penalise(1.0)
        gone = asyncio.ensure_future(desk.place(1))
        stays = desk.place(2)
        await clock.sleep(0.5)
        gone.cancel()
        assert await stays == accepted("1")
        assert desk.venue.sent == [cloids(2)]

    in_virtual_time(play)


def test_who_gives_up_on_the_way_takes_nothing_from_the_others() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        gone = asyncio.ensure_future(desk.place(1))
        stays = desk.place(2)
        await clock.sleep(0.1)
        gone.cancel()
        assert await stays == accepted("2")

    in_virtual_time(play)


def test_closing_answers_everybody() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> None:
        desk = Desk(clock, per_minute=10)
        under_way = desk.place(1)
        await clock.sleep(0.1)
        desk.budget.penalise(60)
        waits = [desk.place(2), desk.cancel(3), desk.cancel(4, by_cloid=True)]
        await clock.sleep(0.1)
        just_asked = desk.place(5, reduce_only=True)
        closing = asyncio.ensure_future(desk.desk.close())
        got = await outcomes(under_way, *waits, just_asked)
        await closing
        assert [type(one) for one in got] == [Unknown, NotSent, NotSent, NotSent, NotSent]
        assert loop.time() < 1

    in_virtual_time(play)


@pytest.mark.parametrize("rounds", range(8))
def test_closing_at_any_step_of_a_journey_answers_everybody(rounds: int) -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> None:
        desk = Desk(clock)
        asked = [desk.place(1), desk.cancel(2)]
        for _ in range(rounds):
            await asyncio.sleep(0)
        await desk.desk.close()
        async with asyncio.timeout(1):
            got = await outcomes(*asked)
        assert {type(one) for one in got} <= {Unknown, NotSent, Accepted}
        sent: list[L1Action] = [action for _, action, _ in desk.venue.posts]
        assert not (sent and NotSent in {type(one) for one in got})

    in_virtual_time(play)
