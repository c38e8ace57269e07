"""Venues that are half deaf, take only some orders, or count: bots wait, exits don't."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest

from nimbus_tui.control.commands import EmergencyShutdown
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.order import OrderRequest, OrderType, RefusalKind, Refused
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.risk_snapshot import risk_snapshot
from tests.engine.risk.worlds import (
    A,
    B,
    Given,
    RiskWorld,
    holding,
    in_virtual_time,
    lets,
    limits,
)
from tests.engine.told_venue import ToldVenue

NORMAL, PAUSE = RiskStep.NORMAL, RiskStep.PAUSE
TWO = (Given(bot_id=A), Given(bot_id=B, symbols=("BTC/USDC:USDC",)))
BOTH = {"ETH": "100", "BTC": "100"}
POST_ONLY_PHASE = "Only post-only orders allowed immediately after a network upgrade."


def venue(world: RiskWorld) -> ToldVenue:
    assert isinstance(world.venue, ToldVenue)
    return world.venue


@pytest.mark.parametrize("dead", ["own channels", "prices"])
@in_virtual_time
async def test_f18_a_venue_that_is_half_deaf_pauses_is_compared_and_goes_on(dead: str) -> None:
    """The socket is open all the time; one of its channels is dead, the other goes on."""
    world = await holding(exchange=ToldVenue, settings={"watches_streams": True})
    sim = venue(world)
    sim.has_user_channels = True

    async def a_minute() -> None:
        await (world.path(*["100"] * 60) if dead == "own channels" else world.wait(60))

    sim.dead_since = world.clock.now() if dead == "own channels" else None
    await a_minute()
    assert world.venue.is_connected()
    (reading,) = [r for r in risk_snapshot(world.engine).readings if r.rule == "connection"]
    assert reading.measured is not None
    assert (reading.measured >= 55, reading.step) == (True, PAUSE)
    assert reading.source == (
        "own orders of sim" if dead == "own channels" else "prices of ETH/USDC:USDC"
    )
    assert [one.step for one in world.told("riskEscalated")] == ["warning", "pause"]
    assert await lets(world) == "reducing"
    looks = world.engine.synchronisers["sim"].comparisons
    sim.dead_since = None
    await world.path(*["100"] * 5)
    assert world.engine.synchronisers["sim"].comparisons > looks
    assert world.step() is NORMAL
    assert set(await world.resting()) == {"add", "exit", "more", "out"}


def post_only_phase(request: OrderRequest) -> Refused | None:
    return None if request.post_only else Refused(RefusalKind.BUSY, POST_ONLY_PHASE)


async def make(world: RiskWorld, key: str, price: int) -> None:
    """Wish a buy that must rest."""
    await world.wish(f"{key} buy 1 {price}")
    wishes = world.puppets[A].wishes
    wishes[OrderKey(key)] = msgspec.structs.replace(wishes[OrderKey(key)], post_only=True)
    await world.ask()


@in_virtual_time
async def test_f21_while_only_post_only_orders_are_taken_makers_go_on_and_takers_wait() -> None:
    world = await holding(exchange=ToldVenue)
    sim = venue(world)
    sim.refuses = post_only_phase
    sim.placed.clear()
    tried: list[int] = []
    honest = sim.place_order

    async def place(request: OrderRequest) -> object:
        if request.type is OrderType.MARKET:
            tried.append(world.clock.now())
        return await honest(request)

    sim.place_order = place  # type: ignore[method-assign, assignment]
    await world.wish("take buy 1 -")
    for number in range(5):
        await make(world, f"make{number}", 60 + number)
        await world.path(*["100"] * 60)
    assert {f"make{number}" for number in range(5)} <= set(await world.resting())
    gaps = [(after - before) // NS_PER_SECOND for before, after in pairwise(tried)]
    assert (gaps == sorted(gaps), gaps[:3], gaps[-1]) == (True, [1, 2, 4], 60)
    assert (world.step(), world.bot().standing.is_paused) == (NORMAL, False)
    assert POST_ONLY_PHASE in {one.reason for one in world.told("orderRejected")}
    assert world.position() == 5
    sim.refuses = lambda _: None
    await world.path(*["100"] * 61)
    assert world.position() == 6
    assert (await world.resting()).keys().isdisjoint({"take"})


async def by_a_stop_loss(world: RiskWorld) -> None:
    await world.path("79")


async def by_an_emergency(world: RiskWorld) -> None:
    await world.execute(EmergencyShutdown("enough"))


@pytest.mark.parametrize("way", [by_a_stop_loss, by_an_emergency])
@in_virtual_time
async def test_f21_exits_are_tried_all_the_time_until_takers_are_taken_again(
    way: Callable[[RiskWorld], object],
) -> None:
    given = Given(limits=limits(stop_loss="20"))
    world = await holding(given, exchange=ToldVenue, settings={"close_in_emergency": True})
    sim = venue(world)
    sim.refuses = post_only_phase
    sim.placed.clear()
    await way(world)  # type: ignore[misc]
    await world.path(*["79"] * 120)
    assert len(sim.placed) >= 120 // 5
    assert {request.type for request in sim.placed} == {OrderType.MARKET}
    assert world.position() == 5
    told = world.told("orderRejected")
    assert {(one.key.split("/")[0], one.reason, one.passing) for one in told} == {
        ("close", POST_ONLY_PHASE, True)
    }
    if world.engine.emergency.latched:
        assert f"being closed (refused: {POST_ONLY_PHASE})" in world.engine.emergency.progress
    sim.refuses = lambda _: None
    await world.path(*["79"] * 8)
    assert world.position() == 0


@in_virtual_time
async def test_f22_bots_that_would_use_up_the_budget_leave_room_for_cancels_and_exits() -> None:
    world = await holding(*TWO, exchange=ToldVenue, start=BOTH)
    await world.trade("in buy 5", of=B)
    sim = venue(world)
    answers: list[object] = []
    place, cancel = sim.place_order, sim.cancel_order

    async def placed(request: OrderRequest) -> object:
        answers.append(await place(request))
        return answers[-1]

    async def cancelled(request: object) -> object:
        answers.append(await cancel(request))  # type: ignore[arg-type]
        return answers[-1]

    sim.place_order, sim.cancel_order = placed, cancelled  # type: ignore[method-assign, assignment]
    sim.requests_a_minute = 60
    most = Decimal(0)
    for number in range(60):
        for bot_id in (A, B):
            await world.wish(f"n{number} buy 1 {40 + Decimal(number) / 10}", of=bot_id)
        await world.wait(0.6)
        most = max(most, Decimal(str(sim.connection_status().rate_used)))
    steps = {one.step for one in world.told("riskEscalated") if one.scope == "account sim"}
    assert {"warning", "throttle"} <= steps
    assert Decimal("0.5") < most < Decimal("0.9")
    await world.forget("exit", *[k for k in world.puppets[A].wishes if k.startswith("n")][:3])
    for bot_id in (A, B):
        await world.wish("close sell 5 -", of=bot_id)
    await world.path("100", "100")
    await world.tick(BTC="100")
    assert (world.position(A), world.position(B)) == (0, 0)
    assert not [answer for answer in answers if isinstance(answer, Refused)]
