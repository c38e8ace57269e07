"""What becomes of orders when the line to the venue, its answers or the journal's tail are lost."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.events import Connected, Disconnected, Error, Warning
from nimbus_tui.core.order import OrderRequest, OrderState, Side
from nimbus_tui.engine.synchroniser import COMPARE_EVERY_S, SECOND_LOOK_S
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.risk.gate import VenueSync
from nimbus_tui.simulation.faults import FaultKind
from nimbus_tui.simulation.faulty_venue import DEADLINE_S, LIE_S
from tests.engine.lines import ADOPT, CANCEL, SYMBOL, Lined, played


def test_a_request_that_was_lost_is_sent_again_only_once_its_deadline_has_passed() -> None:
    async def story() -> None:
        world = Lined()
        world.fate.left = {FaultKind.REQUEST_LOST: 1}
        await world.live("2400")
        await world.tick("2400", pause_s=DEADLINE_S)
        assert len(await world.at_venue()) == 5
        await world.tick(*["2400"] * 12, pause_s=2)
        assert len(await world.at_venue()) == 6
        generations = [order.generation for order in world.bot.keeper.live.values()]
        assert sorted(generations) == [0, 0, 0, 0, 0, 1]

    played(story)


def test_where_a_not_found_proves_nothing_the_same_id_is_sent_again() -> None:
    async def story() -> None:
        world = Lined(keeps_deadlines=False)
        world.fate.left = {FaultKind.REQUEST_LOST: 1}
        await world.live("2400")
        await world.tick(*["2400"] * 60, pause_s=2)
        assert len(await world.at_venue()) == 5
        await world.tick(*["2400"] * 60, pause_s=2)
        assert len(await world.at_venue()) == 6
        assert {order.generation for order in world.bot.keeper.live.values()} == {0}

    played(story)


def test_a_venue_that_denies_an_order_for_a_while_gets_no_second_one() -> None:
    async def story() -> None:
        world = Lined(keeps_deadlines=False)
        world.fate.left = {FaultKind.ANSWER_LOST: 1, FaultKind.NOT_FOUND_LIE: 10}
        await world.live("2400")
        await world.tick(*["2400"] * 45, pause_s=2)
        assert world.fate.counts[FaultKind.NOT_FOUND_LIE] > 2
        assert sum("denied" in line for line in world.trace) > 2
        assert len(await world.at_venue()) == 6
        assert all(o.state is OrderState.OPEN for o in world.bot.keeper.live.values())
        assert LIE_S < 90

    played(story)


def test_what_happened_while_the_line_was_down_is_found_by_comparing() -> None:
    async def story() -> None:
        world = await Lined().live("2400")
        assert world.line is not None
        world.line._lose("cut")
        assert world.bot.sync is VenueSync.LOST
        world.venue.deliver(_tick(world, "2388"))
        await world.tick(*["2390"] * 20)
        assert world.bot.sync is VenueSync.NOW
        assert world.bot.position(SYMBOL) == Decimal("0.0418")
        assert world.bot.keeper.live["grid/0/c2"].price == 2400
        assert [event.reason for event in world.named(Disconnected)] == ["cut"]
        assert len(world.named(Connected)) == 2
        assert world.named(Error) == []

    played(story)


def test_a_message_that_never_came_is_missed_within_a_minute() -> None:
    async def story() -> None:
        world = await Lined().live("2400")
        await world.tick("2401", pause_s=SECOND_LOOK_S + 1)
        world.fate.left = {FaultKind.MESSAGE_LOST: 2}
        await world.tick("2388", pause_s=0.5)
        assert world.bot.position(SYMBOL) == 0
        await world.tick("2390", pause_s=COMPARE_EVERY_S + 1)
        assert world.bot.position(SYMBOL) == Decimal("0.0418")

    played(story)


def test_nothing_is_placed_or_cancelled_before_the_first_comparison() -> None:
    async def story() -> None:
        world = await Lined().live("2400")
        before = await world.at_venue()
        await world.die()
        world.fate.left = {FaultKind.READ_FAILED: 5}
        starting = asyncio.ensure_future(world.live("2401"))
        await asyncio.sleep(0.5)
        assert await world.at_venue() == before
        await starting
        await world.tick(*["2401"] * 10)
        assert await world.at_venue() == before
        assert world.bot.keeper.live.keys() == {f"grid/{n:+d}/c1" for n in (-3, -2, -1, 1, 2, 3)}

    played(story)


def test_orders_of_a_lost_journal_are_found_again_and_none_is_doubled() -> None:
    async def story() -> None:
        world = await Lined().live("2400", "2388", "2389")
        before = await world.at_venue()
        assert len(before) == 6
        await world.die()
        world.journal = SqliteJournal.open(":memory:")
        await world.live("2389")
        await world.tick(*["2389"] * 20)
        sides = [(order.side, order.price) for order in await world.venue.open_orders()]
        assert len(sides) == len(set(sides))
        fills = (await world.venue.fills_since("")).fills
        assert len({fill.client_order_id for fill in fills}) == len(fills)
        assert world.named(Error) == []

    played(story)


@pytest.mark.parametrize("policy", [None, CANCEL, ADOPT])
def test_an_order_of_ours_that_no_bot_knows_is_told_cancelled_or_adopted(policy: Any) -> None:
    async def story() -> None:
        world = Lined(**({} if policy is None else {"orphans": policy}))
        await world.live("2400")
        identity = f"{world.engine.order_managers['sim'].engine_tag}{'f' * 26}"
        await world.venue.place_order(
            OrderRequest(
                client_order_id=identity,
                symbol=SYMBOL,
                side=Side.BUY,
                price=Decimal(2300),
                quantity=Decimal("0.05"),
            )
        )
        await world.tick(*["2400"] * 70, pause_s=2)
        (warning,) = [w for w in world.named(Warning) if identity in w.message]
        remedy = {None: "cancel it at the venue", CANCEL: "being cancelled", ADOPT: "takes it over"}
        assert remedy[policy] in warning.message
        assert (identity in await world.at_venue()) is (policy is None)
        if policy is ADOPT:
            assert world.journal.order(identity).state is OrderState.CANCELLED  # type: ignore[union-attr]

    played(story)


def test_work_in_the_background_that_fails_is_told() -> None:
    async def story() -> None:
        world = await Lined().live("2400")

        async def broken() -> None:
            raise ZeroDivisionError("oh")

        world.engine.background.begin(broken())
        await world.tick("2401")
        (error,) = world.named(Error)
        assert "ZeroDivisionError" in error.message
        assert "broken" in error.detail

    played(story)


def _tick(world: Lined, price: str) -> Any:
    from nimbus_tui.core.market import Tick

    return Tick(world.clock.now(), SYMBOL, Decimal(price), Decimal(0))
