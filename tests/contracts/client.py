"""What every engine client must answer alike; subclasses give a `client` of `the_world()`."""

import os
from decimal import Decimal

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import (
    CancelOrder,
    FlattenBot,
    Outcome,
    PauseBot,
    Rearm,
    ResetPeak,
    Result,
    ResumeBot,
    StopBot,
)
from nimbus_tui.control.pages import Listing, PageWanted
from nimbus_tui.control.past import Jump
from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.events import OrderFilled
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.history import History
from nimbus_tui.risk.limits import RiskLimits
from tests.simulation.worlds import World

SECOND = 1_000_000_000
GRID = BotId("grid")


async def the_world() -> World:
    """A grid that has bought at its third second, and whose curve was sampled a minute later."""
    world = World(limits=RiskLimits(stop_loss=Decimal(10)))
    world.engine.recorder = History(world.engine)
    await world.start("2400", "2399", "2388", "2390")
    world.clock.jump(64 * SECOND)
    world.engine.equity_curves.sample([world.bot])
    return world


CAPITAL = Decimal("299.7574038")
FEE = Decimal("0.01996368")
BOUGHT = Decimal("0.0418")
CURVE = [
    EquityPoint(1 * SECOND, CAPITAL),
    EquityPoint(3 * SECOND, CAPITAL - FEE),
    EquityPoint(64 * SECOND, CAPITAL - FEE + BOUGHT * (2390 - 2388)),
]


class ClientContract:
    """The suite."""

    async def test_the_curve_has_a_point_at_the_start_per_fill_and_per_sample(
        self, client: EngineClient
    ) -> None:
        assert list(await client.equity("grid")) == CURVE

    async def test_an_engine_tells_its_process_and_its_config(self, client: EngineClient) -> None:
        about = await client.about()
        assert (about.pid, about.name, about.config) == (os.getpid(), "test", "")

    async def test_the_snapshot_says_what_a_stop_and_an_emergency_do_with_positions(
        self, client: EngineClient
    ) -> None:
        engine, bots = await client.snapshot()
        assert {bot.bot_id: bot.on_stop for bot in bots} == {GRID: "keep"}
        assert not engine.close_in_emergency

    async def test_a_curve_can_be_asked_for_from_a_moment_on(self, client: EngineClient) -> None:
        assert list(await client.equity("grid", since_ns=3 * SECOND)) == CURVE[1:]

    async def test_a_limit_leaves_the_newest_points(self, client: EngineClient) -> None:
        assert list(await client.equity("grid", limit=2)) == CURVE[1:]

    async def test_a_bot_that_there_is_not_has_no_curve(self, client: EngineClient) -> None:
        assert list(await client.equity("nobody")) == []

    async def test_now_is_a_moment_like_any_other(self, client: EngineClient) -> None:
        engine, bots = await client.snapshot()
        past = await client.history(focus="grid")
        assert past.seq == engine.seq
        (now,), (then,) = bots, past.bots
        assert (then.position, then.open_orders, then.fees) == (BOUGHT, now.open_orders, FEE)
        assert past.detail is not None
        assert past.detail.panel is not None
        assert list(past.detail.orders) == list(await client.orders())
        assert list(past.detail.fills) == list(await client.fills())
        assert past.events[-1].seq == past.seq

    async def test_before_a_fill_the_bot_has_not_bought(self, client: EngineClient) -> None:
        (filled,) = await client.events(types=["orderFilled"])
        before = await client.history(seq=filled.seq - 1, focus="grid", around=2)
        after = await client.history(seq=filled.seq, focus="grid")
        assert isinstance(filled, OrderFilled)
        assert (before.bots[0].position, after.bots[0].position) == (0, BOUGHT)
        assert before.detail is not None
        assert after.detail is not None
        assert (before.detail.fills, after.detail.fills) == ((), (filled.fill,))
        key = filled.fill.key
        assert key in {order.key for order in before.detail.orders}
        assert key not in {order.key for order in after.detail.orders}
        assert [event.seq - filled.seq for event in before.events] == [-3, -2, -1, 0, 1]

    async def test_between_two_events_the_figures_follow_the_price(
        self, client: EngineClient
    ) -> None:
        (filled,) = await client.events(types=["orderFilled"])
        (last,) = await client.events(limit=1, newest=True)
        past = await client.history(ts=last.ts + 1)
        assert (past.seq, past.ts) == (last.seq, last.ts + 1)
        assert (await client.history(ts=filled.ts - 1)).bots[0].position == 0
        assert (await client.history(ts=-1)).bots == ()

    async def test_from_a_moment_one_may_jump_to_what_is_of_note(
        self, client: EngineClient
    ) -> None:
        events = await client.events()
        (filled,) = await client.events(types=["orderFilled"])
        jumps = await client.moments(filled.seq)
        assert (jumps.first, jumps.last) == tuple(
            Jump(e.seq, e.ts) for e in (events[0], events[-1])
        )
        assert jumps.previous is not None
        assert jumps.next is not None
        assert (jumps.previous.seq, jumps.next.seq) == (filled.seq - 1, filled.seq + 1)
        assert (jumps.previous_fill, jumps.next_fill, jumps.next_error) == (None, None, None)
        here = Jump(filled.seq, filled.ts)
        assert (await client.moments(filled.seq - 1)).next_fill == here
        assert (await client.moments(filled.seq + 1)).previous_fill == here
        assert jumps.previous_risk is not None

    async def test_the_risk_of_a_moment_knows_nothing_of_what_came_later(
        self, client: EngineClient
    ) -> None:
        started = tuple(await client.events(types=["started"]))
        await client.execute(PauseBot(GRID))
        (paused,) = await client.events(types=["paused"])
        assert (await client.history(seq=started[0].seq - 1)).risk_events == ()
        assert (await client.history(seq=paused.seq - 1)).risk_events == started
        assert (await client.history(seq=paused.seq)).risk_events == (*started, paused)

    async def test_marks_lie_in_the_part_in_which_it_happened(self, client: EngineClient) -> None:
        (filled,) = await client.events(types=["orderFilled"])
        start = filled.ts - 5 * SECOND
        found = await client.marks(start, start + 10 * SECOND, 10)
        assert (found.since_ns, found.until_ns, found.parts) == (start, start + 10 * SECOND, 10)
        assert (found.fills, found.errors) == ((5,), ())
        started = await client.events(types=["started"])
        parts = {(event.ts - start) * 10 // (10 * SECOND) for event in started}
        assert found.risks == tuple(sorted(parts))
        assert (await client.marks(start, filled.ts, 4)).fills == (3,)
        assert (await client.marks(start, filled.ts - 1, 4)).fills == ()
        assert (await client.marks(filled.ts + 1, filled.ts, 0)).fills == ()

    async def test_a_bot_that_there_was_not_has_no_panel(self, client: EngineClient) -> None:
        assert (await client.history(focus="nobody")).detail is None

    async def test_the_risk_layer_tells_each_rule_and_where_each_scope_stands(
        self, client: EngineClient
    ) -> None:
        risk = await client.risk()
        (stop,) = [one for one in risk.readings if one.rule == "stop_loss"]
        assert (stop.scope, stop.level, stop.limit) == ("grid", 1, Decimal(10))
        assert stop.usage is not None
        assert stop.step is RiskStep.NORMAL
        assert [one.scope for one in risk.standings] == ["engine", "account sim", "grid"]
        assert {one.level for one in risk.readings} == {1, 2, 3, 4}
        assert len({one.rule for one in risk.readings}) == 16
        assert not any(one.operator_paused for one in risk.standings)
        assert (risk.latched, risk.verified, risk.left, risk.emergency) == (False, False, (), "")
        assert risk.now_ns == (await client.snapshot())[0].now_ns

    async def test_a_pause_by_the_operator_is_told_apart(self, client: EngineClient) -> None:
        await client.execute(PauseBot(GRID))
        (*_, grid) = (await client.risk()).standings
        assert (grid.step, grid.operator_paused) == (RiskStep.NORMAL, True)

    async def test_what_a_command_would_do_is_told_and_not_done(self, client: EngineClient) -> None:
        before = await client.snapshot()
        outcome = await client.consequence(StopBot(GRID))
        assert outcome == Outcome(
            Result.ACCEPTED,
            "grid: 6 orders are cancelled; its position of 0.0418 ETH is kept",
        )
        flatten = await client.consequence(FlattenBot(GRID))
        assert flatten.message == "grid: 6 orders are cancelled; 0.0418 ETH are sold at the market"
        assert await client.snapshot() == before

    async def test_what_would_be_refused_is_told_too(self, client: EngineClient) -> None:
        for command in (Rearm(), StopBot(BotId("nobody")), ResumeBot(GRID)):
            foretold = await client.consequence(command)
            assert foretold.result is Result.REFUSED
            assert foretold == await client.execute(command)

    async def test_a_drawdown_may_be_measured_afresh(self, client: EngineClient) -> None:
        (_, (grid,)) = await client.snapshot()
        outcome = await client.execute(ResetPeak(GRID))
        assert outcome.result is Result.DONE
        peak = max(CAPITAL, grid.equity)
        assert f"from {grid.equity:.2f} USDC on (it was {peak:.2f})" in outcome.message
        (told,) = await client.events(types=["info"], newest=True, limit=1)
        assert (told.bot_id, "reset by the operator" in told.message) == (GRID, True)

    async def test_orders_that_are_held_back_come_with_the_reason(
        self, client: EngineClient
    ) -> None:
        await client.execute(PauseBot("grid"))
        update = await client.updates(0, focus="grid")
        assert update.detail is not None
        assert set(update.detail.held_back.values()) == {"paused: it would add exposure"}

    async def test_an_order_that_is_cancelled_by_hand_is_held_back(
        self, client: EngineClient
    ) -> None:
        order = (await client.orders())[0]
        command = CancelOrder(GRID, order.client_order_id)
        told = await client.consequence(command)
        assert (await client.execute(command)) == Outcome(Result.DONE, told.message)
        update = await client.updates(0, focus=GRID)
        assert update.detail is not None
        assert "until the bot is resumed" in update.detail.held_back[order.key]

    async def test_every_table_can_be_turned_page_by_page(self, client: EngineClient) -> None:
        whole = {
            Listing.EVENTS: list(await client.events())[::-1],
            Listing.FILLS: list(await client.fills())[::-1],
            Listing.ORDERS: sorted(
                await client.orders(live_only=False),
                key=lambda order: (order.created_ns, order.client_order_id),
                reverse=True,
            ),
        }
        for listing, rows in whole.items():
            seen: list[object] = []
            before: str | None = ""
            while before is not None:
                page = await client.page(PageWanted(listing=listing, before=before, limit=2))
                found = (*page.orders, *page.fills, *page.events)
                assert 0 < len(found) <= 2
                seen += found
                before = page.older
            assert seen == rows, listing

    async def test_a_page_may_be_of_one_bot_of_live_orders_and_of_some_kinds(
        self, client: EngineClient
    ) -> None:
        live = await client.page(PageWanted(listing=Listing.LIVE_ORDERS))
        assert {o.client_order_id for o in live.orders} == {
            o.client_order_id for o in await client.orders()
        }
        for listing in Listing:
            nobody = await client.page(PageWanted(listing=listing, bot_id=BotId("nobody")))
            assert (nobody.orders, nobody.fills, nobody.events) == ((), (), ())
        kinds = ("orderFilled", "initialized", "started")
        for bot_id in (None, GRID):
            page = await client.page(PageWanted(listing=Listing.EVENTS, bot_id=bot_id, types=kinds))
            every = await client.events(bot_id=bot_id, types=kinds)
            assert list(page.events) == list(every)[::-1]
