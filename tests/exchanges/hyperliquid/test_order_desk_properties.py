"""Whatever is asked, lost, refused, given up and closed: one answer each, nothing twice."""

import asyncio
from collections import Counter
from enum import Enum

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.core.order import Accepted, OrderResponse, Refused, Unknown
from nimbus_tui.exchanges.hyperliquid.address_budget import TRICKLE_NS
from nimbus_tui.exchanges.hyperliquid.lanes import NotSent
from nimbus_tui.exchanges.hyperliquid.wire_actions import L1Action, OrderAction
from nimbus_tui.exchanges.hyperliquid.wire_info import UserRateLimit
from nimbus_tui.exchanges.net.http import HttpReply
from nimbus_tui.exchanges.net.spending import WINDOW_NS
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from tests.exchanges.hyperliquid.desk import Desk, all_well, identity, items
from tests.exchanges.net.virtual import in_virtual_time

PER_MINUTE = 12


class Kind(Enum):
    MAKER = (True, False)
    TAKER = (False, False)
    MAKER_EXIT = (True, True)
    TAKER_EXIT = (False, True)
    CANCEL = "by oid"
    CLOID_CANCEL = "by cloid"


class Ask(msgspec.Struct, frozen=True):
    at_s: float
    kind: Kind
    patience_s: float | None


class Fate(Enum):
    """What becomes of an action."""

    WELL = "well"
    ERROR = "refused as a whole"
    LOST = "may have arrived"
    STAYED = "has not left"
    UNSIGNED = "could not be signed"
    SHORT = "an answer too few"
    FAULT = "our own fault"


ASKS = st.lists(
    st.builds(
        Ask,
        st.sampled_from((0.0, 0.0, 0.1, 1.0, 7.0, 30.0, 65.0)),
        st.sampled_from(Kind),
        st.none() | st.sampled_from((0.0, 0.1, 0.35, 3.0)),
    ),
    max_size=60,
)


def told(fate: Fate, action: L1Action) -> HttpReply | Exception:
    match fate:
        case Fate.WELL:
            return all_well(action)
        case Fate.ERROR:
            return HttpReply(200, b'{"status":"err","response":"Insufficient margin"}')
        case Fate.LOST:
            return NoAnswer(True, "lost")
        case Fate.STAYED:
            return NoAnswer(False, "nobody there")
        case Fate.UNSIGNED:
            return ExchangeError("the disk is full")
        case Fate.SHORT:
            return HttpReply(
                200,
                b'{"status":"ok","response":{"type":"order","data":{"statuses":["?","?"]}}}',
            )
        case Fate.FAULT:
            return KeyError("x")


class Played(msgspec.Struct):
    answers: list[OrderResponse | BaseException]
    posts: list[tuple[float, L1Action]]
    stayed: list[L1Action]


def played(
    asks: list[Ask], fates: list[Fate], cap: int | None, closes_at_s: float | None
) -> Played:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> Played:
        loop.set_exception_handler(lambda *_: None)
        desk = Desk(clock, per_minute=PER_MINUTE)
        left = list(fates)
        desk.venue.answer = lambda action: told(left.pop() if left else Fate.WELL, action)
        if cap is not None:
            limit = {"cumVlm": "0", "nRequestsUsed": 0, "nRequestsCap": cap}
            desk.address.learn(msgspec.convert(limit, UserRateLimit, strict=False), sent_before=0)

        async def ask(number: int, one: Ask) -> OrderResponse:
            await clock.sleep(one.at_s)
            if one.kind in (Kind.CANCEL, Kind.CLOID_CANCEL):
                answer = desk.cancel(number, by_cloid=one.kind is Kind.CLOID_CANCEL)
            else:
                post_only, reduce_only = one.kind.value
                answer = desk.place(number, post_only=bool(post_only), reduce_only=reduce_only)
            async with asyncio.timeout(one.patience_s):
                return await answer

        async def close() -> None:
            if closes_at_s is not None:
                await clock.sleep(closes_at_s)
                await desk.desk.close()

        closing = asyncio.ensure_future(close())
        async with asyncio.timeout(600):
            asking = (ask(number, one) for number, one in enumerate(asks))
            answers = await asyncio.gather(*asking, return_exceptions=True)
            await closing
        posts = [(at, action) for at, action, _ in desk.venue.posts]
        return Played(answers, posts, desk.venue.stayed)

    return in_virtual_time(play)


def is_of(number: int, item: str, kind: Kind) -> bool:
    if kind is Kind.CANCEL:
        return item == f"cancel {number}"
    cloid = f"0x6e{identity(number)[2:]}"
    return item == (f"cancel {cloid}" if kind is Kind.CLOID_CANCEL else cloid)


@settings(max_examples=200, deadline=None)
@given(
    ASKS,
    st.lists(st.sampled_from(Fate), max_size=20),
    st.none() | st.sampled_from((0, 3, 110, 10_000)),
    st.none() | st.sampled_from((0.0, 0.15, 2.0, 31.0)),
)
def test_one_answer_each_nothing_twice_and_never_beyond_the_budgets(
    asks: list[Ask], fates: list[Fate], cap: int | None, closes_at_s: float | None
) -> None:
    happened = played(asks, fates, cap, closes_at_s)
    sent = Counter(item for _, action in happened.posts for item in items(action))
    assert not sent or max(sent.values()) == 1
    maybe_there = {
        item
        for _, action in happened.posts
        if action not in happened.stayed
        for item in items(action)
    }
    for number, (one, answer) in enumerate(zip(asks, happened.answers, strict=True)):
        assert isinstance(answer, Accepted | Refused | Unknown | NotSent | TimeoutError)
        if isinstance(answer, NotSent):
            assert not any(is_of(number, item, one.kind) for item in maybe_there)
        if isinstance(answer, Accepted):
            assert any(is_of(number, item, one.kind) for item in maybe_there)
    for start, _ in happened.posts:
        window = [at for at, _ in happened.posts if start <= at < start + WINDOW_NS / 1e9]
        assert len(window) <= PER_MINUTE


@settings(max_examples=60, deadline=None)
@given(ASKS, st.sampled_from((0, 3, 110)))
def test_beyond_its_cap_an_address_sends_one_action_in_ten_seconds(
    asks: list[Ask], cap: int
) -> None:
    happened = played(asks, [], cap, None)
    used, last_order_s = 0, None
    for at, action in happened.posts:
        count = len(items(action))
        if isinstance(action, OrderAction) and used + count > cap:
            assert count == 1
            assert last_order_s is None or at - last_order_s >= TRICKLE_NS / 1e9 - 1e-6
        used += count
        last_order_s = at
