"""An emergency against venues that refuse, hang, lie low or know more than our books."""

import asyncio
from decimal import Decimal
from random import Random

import msgspec
import pytest

from nimbus_tui.control.commands import EmergencyShutdown, Rearm, Result, StartBot
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    OrderState,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.simulation.virtual_time import LoopClock
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.engine.faults import FaultyExchange
from tests.known_failures.stories import START_NS, Story, in_virtual_time
from tests.simulation.worlds import instrument

NOT_NOW = Refused(RefusalKind.BUSY, "not now")
CLOSES = {"close_in_emergency": True}


class HardVenue:
    """Refuses each cancel for 30 s, lets each of the next 30 s go by in silence, then works."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._begun = story.clock.now()
        self._honest = story.line.cancel_order
        self.cancels = 0
        story.line.cancel_order = self.cancel_order

    @property
    def since_s(self) -> float:
        return (self._story.clock.now() - self._begun) / NS_PER_SECOND

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        self.cancels += 1
        if self.since_s < 30:
            return NOT_NOW
        if self.since_s < 60:
            await asyncio.sleep(10)
            return Unknown("no answer in time")
        return await self._honest(request)


@pytest.mark.parametrize("closes", [False, True])
@in_virtual_time
async def test_f28_a_venue_that_refuses_then_hangs_then_works_ends_verified_and_latched(
    closes: bool,
) -> None:
    story = await Story(settings={"close_in_emergency": closes}).start("2400", "2388")
    assert len(await story.venue.open_orders()) == 6
    sent, held = len(story.sent), story.truth
    venue = HardVenue(story)
    await story.engine.execute(EmergencyShutdown())
    emergency = story.engine.emergency
    for second in range(1, 56):
        await story.tick("2388")
        assert not emergency.verified, second
        assert len(emergency.left) >= 6
        assert "not now" in emergency.left[0] if second < 28 else True
    assert any("no answer to its cancel" in line for line in emergency.left)
    await story.wait(30)
    assert emergency.verified
    assert emergency.left == ()
    assert await story.venue.open_orders() == []
    closings = [request for request in story.sent[sent:] if request.reduce_only]
    assert (len(story.sent) - sent, len(closings)) == ((1, 1) if closes else (0, 0))
    assert story.truth == (0 if closes else held)
    assert len(story.told("riskEscalated")) == 1
    assert story.told("error") == []

    sent, cancels, events = len(story.sent), venue.cancels, story.engine.bus.seq
    await story.tick(*["2388", "2300", "2500"] * 20)
    await story.wait(3600)
    assert (len(story.sent), venue.cancels, story.engine.bus.seq) == (sent, cancels, events)

    await story.kill()
    await story.start("2400", "2388", "2300")
    again = story.engine.emergency
    assert (story.engine.state, again.latched, again.reason) == ("emergency", True, "operator")
    assert again.verified
    assert (len(story.sent), story.line.cancelled) == (sent, [])
    assert (await story.engine.execute(StartBot("bot"))).result is Result.REFUSED
    assert (await story.engine.execute(Rearm())).result is Result.DONE
    await story.tick("2400", "2388")
    assert len(story.sent) == sent
    assert story.bot.standing.state.value == "stopped"
    assert story.audit.violation is None


@in_virtual_time
async def test_some_cancels_that_hang_do_not_starve_the_others() -> None:
    story = await Story(levels=30, spacing=Decimal("0.1")).start("2400")
    honest, rest = story.line.cancel_order, await story.venue.open_orders()
    assert len(rest) == 60
    hanging = {report.client_order_id for report in rest[:40]}

    async def cancel(request: CancelRequest) -> CancelResponse:
        if request.client_order_id in hanging:
            await asyncio.sleep(3600)
        return await honest(request)

    story.line.cancel_order = cancel
    await story.engine.execute(EmergencyShutdown())
    await story.wait(20)
    left = {report.client_order_id for report in await story.venue.open_orders()}
    assert left == hanging
    assert not story.engine.emergency.verified
    hanging.clear()
    await story.wait(20)
    assert story.engine.emergency.verified


@in_virtual_time
async def test_an_order_that_waits_to_be_sent_is_not_sent_any_more() -> None:
    story = await Story().start("2400", "2388")
    await story.kill()
    await story.start("2388")
    honest, asked = story.line.order_status, asyncio.Event()

    async def slow(*given: object) -> object:
        asked.set()
        await asyncio.sleep(20)
        return await honest(*given)

    story.line.order_status = slow
    manager, sent = story.bot.orders, len(story.sent)
    desired = next(iter(story.bot.keeper.live.values())).wish()
    fresh = msgspec.structs.replace(desired, key="grid/new")
    order, intent = manager.prepare_place("bot", story.bot.record.incarnation, fresh)
    story.bot.keeper.live.put(order)
    manager.send(msgspec.structs.replace(intent, look_first=True))
    await asked.wait()
    await story.engine.execute(EmergencyShutdown())
    await story.wait(10)
    assert not story.engine.emergency.verified
    await story.wait(60)
    assert story.engine.emergency.verified
    assert len(story.sent) == sent


@in_virtual_time
async def test_after_a_kill_it_is_not_over_while_an_earlier_order_may_still_arrive() -> None:
    story = await Story(keeps_deadlines=False).start("2400", "2388")
    story.line.requests_late_s = 12.0
    await story.tick("2376")
    (late,) = [one for one in story.bot.keeper.live.values() if one.state is OrderState.PENDING]
    await story.engine.execute(EmergencyShutdown())
    await story.kill()
    await story.start("2376")
    for _ in range(15):
        await story.wait(1)
        (left,) = story.engine.emergency.left
        assert str(late.client_order_id) in left
    await story.wait(story.line.capabilities.not_found_is_final_after_s + 60)
    assert story.engine.emergency.verified
    assert await story.venue.open_orders() == []


class Two:
    """One engine on two venues, a grid on each."""

    def __init__(self) -> None:
        clock = LoopClock(asyncio.get_running_loop(), START_NS)  # type: ignore[arg-type]
        traded = instrument()
        self.clock, self.symbol = clock, traded.symbol
        self.venues = {
            name: FaultyExchange(
                name,
                instruments=[traded],
                balances={"USDC": Decimal(10_000)},
                clock=clock,
                store=PaperStore(":memory:"),
            )
            for name in ("one", "two")
        }
        self.traded, self.journal = traded, SqliteJournal.open(":memory:")
        self.again()

    def again(self) -> "Two":
        """The next process."""
        traded = self.traded
        config = GridConfig(
            symbol=traded.symbol, levels=3, spacing=Decimal("0.5"), quote_size=Decimal(100)
        )
        self.engine = Engine(
            EngineSettings(name="both"),
            clock=self.clock,
            journal=self.journal,
            exchanges=dict(self.venues),
            bots=[
                BotSpec(
                    bot_id=f"on-{name}",
                    strategy_name="grid",
                    strategy=GridStrategy(f"on-{name}", config, {traded.symbol: traded}),
                    exchange=name,
                    instruments={traded.symbol: traded},
                )
                for name in self.venues
            ],
            chance=Random(1),
        )
        return self

    async def kill(self) -> None:
        """`kill -9`: nothing of the process goes on."""
        me = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not me]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def start(self) -> "Two":
        await self.engine.start()
        self.running = asyncio.ensure_future(self.engine.run())
        return await self.price("2400")

    async def price(self, price: str) -> "Two":
        for venue in self.venues.values():
            venue.deliver(Tick(self.clock.now(), self.symbol, Decimal(price), Decimal(0)))
        await asyncio.sleep(1)
        return self


@in_virtual_time
async def test_a_venue_that_is_dead_does_not_keep_the_other_from_being_cleared() -> None:
    both = await Two().start()
    honest = both.venues["one"].open_orders

    async def dead() -> None:
        await asyncio.Event().wait()

    both.venues["one"].open_orders = dead  # type: ignore[method-assign,assignment]
    await both.engine.execute(EmergencyShutdown())
    await asyncio.sleep(3)
    assert await both.venues["two"].open_orders() == []
    await asyncio.sleep(20)
    assert both.engine.emergency.left == ("one does not answer",)
    both.venues["one"].open_orders = honest  # type: ignore[method-assign]
    await asyncio.sleep(10)
    assert both.engine.emergency.verified
    assert await both.venues["one"].open_orders() == []


@in_virtual_time
async def test_orders_of_a_bot_that_is_stuck_or_gone_are_cancelled_too() -> None:
    both = await Two().start()
    stuck, gone = both.engine.bots["on-one"], both.engine.bots["on-two"]
    stuck.orders.send = lambda _: None  # type: ignore[method-assign]
    del both.engine.bots["on-two"]
    both.engine.watchers.clear()
    assert len(gone.keeper.live) == 6
    await both.engine.execute(EmergencyShutdown())
    await asyncio.sleep(10)
    assert both.engine.emergency.verified
    assert [await venue.open_orders() for venue in both.venues.values()] == [[], []]


@in_virtual_time
async def test_an_end_that_is_asked_for_in_the_middle_still_takes_the_orders_out() -> None:
    story = await Story().start("2400", "2388")
    story.line.refuse_cancel = NOT_NOW
    await story.engine.execute(EmergencyShutdown())
    await story.wait(2)
    story.line.refuse_cancel = None
    await story.engine.stop()
    assert await story.venue.open_orders() == []


@in_virtual_time
async def test_a_rule_may_trip_it_inside_a_turn() -> None:
    story = await Story().start("2400", "2388")
    honest = story.bot.standing.assess

    def assess() -> None:
        honest()
        story.engine.emergency.trip_soon("equity floor")

    story.bot.standing.assess = assess
    await story.tick("2376")
    del story.bot.standing.assess
    await story.wait(5)
    assert story.engine.state == "emergency"
    assert story.engine.emergency.reason == "equity floor"
    assert story.engine.emergency.verified
    assert len(story.told("riskEscalated")) == 1


@in_virtual_time
async def test_after_a_kill_a_venue_that_answers_is_cleared_before_one_that_does_not() -> None:
    both = await Two().start()
    for venue in both.venues.values():
        venue.refuse_cancel = NOT_NOW
    await both.engine.execute(EmergencyShutdown())
    await asyncio.sleep(3)
    assert len(both.engine.emergency.left) == 12
    await both.kill()
    for venue in both.venues.values():
        venue.refuse_cancel = None
    honest = both.venues["one"].account_info

    async def down() -> None:
        raise ExchangeError("down")

    both.venues["one"].account_info = down  # type: ignore[method-assign,assignment]
    starting = asyncio.ensure_future(both.again().engine.start())
    await asyncio.sleep(20)
    assert starting.done()
    assert [len(await venue.open_orders()) for venue in both.venues.values()] == [0, 0]
    assert not both.engine.emergency.verified
    assert both.engine.emergency.left == ("one: down",)
    both.venues["one"].account_info = honest  # type: ignore[method-assign]
    await starting
    await asyncio.sleep(10)
    assert both.engine.emergency.verified
    assert [len(await venue.open_orders()) for venue in both.venues.values()] == [0, 0]


@in_virtual_time
async def test_an_engine_that_ends_after_a_verified_emergency_asks_the_venue_nothing_more() -> None:
    story = await Story().start("2400", "2388")
    await story.engine.execute(EmergencyShutdown())
    await story.wait(5)
    assert story.engine.emergency.verified
    asked = story.line.reads["open_orders"]
    await story.engine.stop()
    assert story.line.reads["open_orders"] == asked
