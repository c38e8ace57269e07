import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.control.snapshots import BotState, Update
from nimbus_tui.core import events as ev
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import CURVE_NS, EVENTS_KEPT, LONGEST_BUCKET_NS, TREND_POINTS, Feed, Trend
from tests.tui.scripted_client import ScriptedClient
from tests.tui.scripted_panels import BASKET, DCA, curve, with_all_kinds
from tests.tui.waiting import until

ETH, BTC = BotId("eth-grid"), BotId("btc-perp")


@asynccontextmanager
async def followed(feed: Feed, client: ScriptedClient) -> AsyncIterator[list[int]]:
    """A feed that follows a client; yields a list that grows by one per update."""
    answers: list[int] = []
    task = asyncio.create_task(feed.follow(client, 0.001, lambda: answers.append(feed.revision)))
    try:
        yield answers
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_stores_the_newest_and_marks_what_changed() -> None:
    client, feed = ScriptedClient(), Feed()
    async with followed(feed, client):
        await until(lambda: feed.answers == 1)
        assert feed.take_dirty() == {"eth-grid", "btc-perp", "sol-wide"}
        await client.change("eth-grid", price=Decimal("2402.5"))
        await until(lambda: bool(feed.dirty))
        assert feed.take_dirty() == {"eth-grid"}
        assert feed.bots[ETH].price == Decimal("2402.5")
        assert not feed.changed


@pytest.mark.parametrize(
    ("state", "later", "changes", "is_new"),
    [
        (BotState.PAUSED, 1, {}, False),
        (BotState.RUNNING, 1, {}, True),
        (BotState.PAUSED, 60, {}, True),
        (BotState.PAUSED, 1, {"risk": "pause"}, True),
        (BotState.PAUSED, 1, {"exchanges": ()}, True),
    ],
)
def test_at_rest_only_what_matters_is_painted_again(
    state: BotState, later: int, changes: dict[str, object], is_new: bool
) -> None:
    client, feed = ScriptedClient(), Feed()
    bots = tuple(msgspec.structs.replace(bot, state=state) for bot in client.bots.values())
    first = Update(revision=1, engine=client.engine, bots=bots, complete=True, events=())
    feed.apply(first)
    feed.take_dirty()
    now_ns = client.engine.now_ns + later * NS_PER_SECOND
    engine = msgspec.structs.replace(client.engine, now_ns=now_ns, **changes)
    feed.apply(msgspec.structs.replace(first, engine=engine, bots=(), complete=False))
    assert feed.changed is is_new
    assert feed.engine is engine


async def test_a_change_of_focus_does_not_wait_for_news() -> None:
    client, feed = ScriptedClient(), Feed()
    async with followed(feed, client):
        await until(lambda: feed.answers == 1)
        assert feed.detail is None
        feed.focus = BTC
        await until(lambda: feed.detail is not None)
        assert feed.detail is not None
        assert feed.detail.bot_id == "btc-perp"


async def test_details_of_a_bot_that_has_left_the_focus_are_not_taken() -> None:
    client, feed = ScriptedClient(), Feed()
    feed.focus = ETH
    late = await client.updates(0, focus=ETH)
    feed.focus = BTC
    feed.apply(late)
    assert feed.detail is None


async def test_an_engine_that_goes_away_and_returns_is_asked_for_everything_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nimbus_tui.tui.feed.RETRY_S", 0.01)
    client, feed = ScriptedClient(), Feed()
    async with followed(feed, client):
        await until(lambda: feed.answers == 1)
        client.gone = "the socket is gone"
        await client.news()
        await until(lambda: feed.problem == "the socket is gone")
        assert feed.bots[ETH].price is not None
        assert feed.revision == 0
        del client.bots[BTC]
        client.gone = ""
        await until(lambda: not feed.problem)
        assert set(feed.bots) == {"eth-grid", "sol-wide"}


async def test_an_answer_that_cannot_be_read_is_said_and_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nimbus_tui.tui.feed.RETRY_S", 0.01)
    client, feed = ScriptedClient(), Feed()
    answer, broken = client.updates, ValueError("half a line")

    async def breaks(*_: object, **__: object) -> object:
        raise broken

    client.updates = breaks  # type: ignore[method-assign,assignment]
    async with followed(feed, client):
        await until(lambda: "half a line" in feed.problem)
        client.updates = answer  # type: ignore[method-assign]
        await until(lambda: not feed.problem)


async def test_events_are_taken_once_and_only_so_many_are_kept() -> None:
    client, feed = ScriptedClient(), Feed()
    feed.apply(await client.updates(0))
    feed.apply(await client.updates(0))
    assert [event.seq for event in feed.events] == list(range(1, len(feed.events) + 1))
    for number in range(EVENTS_KEPT + 50):
        client.tell(ev.Info(message=str(number)))
        if number % 100 == 0:
            feed.apply(await client.updates(1))
    feed.apply(await client.updates(1))
    assert len(feed.events) == EVENTS_KEPT
    assert feed.events[-1].seq == client.engine.seq


async def test_a_younger_engines_events_count_afresh() -> None:
    feed = Feed()
    feed.apply(await ScriptedClient().updates(0))
    young = ScriptedClient()
    young.events_told = young.events_told[:2]
    young.engine = msgspec.structs.replace(young.engine, seq=2)
    feed.apply(await young.updates(0))
    assert [event.seq for event in feed.events] == [1, 2]


async def test_the_digits_of_a_price_never_become_fewer() -> None:
    client, feed = ScriptedClient(), Feed()
    for price in ("2400", "2400.25", "2401"):
        client._set(ETH, price=Decimal(price))
        feed.apply(await client.updates(0))
    assert feed.places_for(feed.bots[ETH]) == 2
    assert feed.places_for(None) == 0


async def test_the_curve_is_asked_for_once_a_minute_and_for_a_new_focus() -> None:
    client, feed = with_all_kinds(ScriptedClient()), Feed()
    async with followed(feed, client):
        feed.focus = DCA
        await until(lambda: bool(feed.curve))
        kept = [(point.ts, float(point.equity)) for point in client.curves[DCA]]
        assert list(feed.curve) == kept
        for price in ("41000", "41001", "41002"):
            answers = feed.answers
            await client.change(DCA, price=Decimal(price))
            await until(lambda answers=answers: feed.answers > answers)  # type: ignore[misc]
        assert client.curves_asked == [DCA]
        await client.change_engine(now_ns=client.engine.now_ns + 60 * NS_PER_SECOND)
        await until(lambda: client.curves_asked == [DCA, DCA])
        feed.focus = BASKET
        assert feed.curve == ()
        await until(lambda: client.curves_asked == [DCA, DCA, BASKET])
        await until(lambda: bool(feed.curve))


async def test_between_two_answers_the_curve_goes_on_with_what_was_seen() -> None:
    client, feed = with_all_kinds(ScriptedClient()), Feed()
    feed.focus = DCA
    async with followed(feed, client):
        await until(lambda: bool(feed.curve))
        kept, now = len(feed.curve), client.engine.now_ns
        client._set(DCA, equity=Decimal(10_100))
        await client.change_engine(now_ns=now + NS_PER_SECOND)
        await until(lambda: feed.curve[-1] == (now + NS_PER_SECOND, 10_100.0))
        assert len(feed.curve) == kept + 1 + (feed.curve[-2][0] == now)
        client.curves[DCA].append(EquityPoint(now + 59 * NS_PER_SECOND, Decimal(10_099)))
        await client.change_engine(now_ns=now + 60 * NS_PER_SECOND)
        await until(lambda: (now + 59 * NS_PER_SECOND, 10_099.0) in feed.curve)
        assert (now + NS_PER_SECOND, 10_100.0) not in feed.curve


async def test_a_curve_that_does_not_come_leaves_the_rest_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nimbus_tui.tui.feed.ANSWER_WITHIN_S", 0.05)
    client, feed = with_all_kinds(ScriptedClient()), Feed()

    async def never(*_: object, **__: object) -> object:
        return await asyncio.Event().wait()

    client.equity = never  # type: ignore[method-assign,assignment]
    feed.focus = DCA
    async with followed(feed, client):
        await until(lambda: feed.answers > 2)
        assert feed.curve == ()
        assert feed.problem == ""


async def test_only_a_day_of_the_curve_is_kept() -> None:
    client, feed = with_all_kinds(ScriptedClient()), Feed()
    client.curves[DCA] = curve(client.bots[DCA], minutes=2_000)
    feed.focus = DCA
    async with followed(feed, client):
        await until(lambda: bool(feed.curve))
        assert feed.curve[0][0] >= client.engine.now_ns - CURVE_NS
        assert len(feed.curve) < len(client.curves[DCA])


async def test_the_trend_of_a_bot_with_several_symbols_is_that_of_its_equity() -> None:
    client, feed = with_all_kinds(ScriptedClient()), Feed()
    feed.apply(await client.updates(0))
    assert feed.trends[BASKET].points == [float(client.bots[BASKET].equity)]
    assert feed.trends[ETH].points == [2401.37]


def test_a_trend_keeps_one_price_a_step() -> None:
    trend = Trend()
    for ts, price in ((0, 1.0), (500_000_000, 2.0), (NS_PER_SECOND, 3.0)):
        trend.add(ts, price)
    assert trend.points == [2.0, 3.0]


@given(st.lists(st.integers(0, 90), max_size=400))
def test_a_trend_stays_small_and_ends_with_the_newest_price(steps: list[int]) -> None:
    trend, now = Trend(), 0
    for number, step in enumerate(steps):
        now += step * NS_PER_SECOND
        trend.add(now, float(number))
        assert trend.points[-1] == float(number)
        assert len(trend.points) <= TREND_POINTS
        assert trend.points == sorted(trend.points)
        assert trend.bucket_ns < 2 * LONGEST_BUCKET_NS
