"""The account's own channels: silent for hours is normal, dead is not, even on an open socket."""

from typing import Any

import pytest

from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.risk_snapshot import risk_snapshot
from tests.engine.risk.worlds import A, B, Given, RiskWorld, holding, in_virtual_time, limits
from tests.engine.told_venue import ToldVenue

NORMAL, WARNING, PAUSE = RiskStep.NORMAL, RiskStep.WARNING, RiskStep.PAUSE
WATCHES: dict[str, Any] = {"watches_streams": True}


class Listening(ToldVenue):
    """A venue with user channels, which are alive as long as pongs come."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.has_user_channels = True


async def listening(*bots: Given) -> RiskWorld:
    start = {"ETH": "100", "BTC": "100"} if len(bots) > 1 else None
    return await holding(*bots, exchange=Listening, settings=WATCHES, start=start)


async def prices_go_on(world: RiskWorld, seconds: int) -> None:
    await world.path(*["100"] * seconds)


def dies(world: RiskWorld) -> None:
    world.venue.dead_since = world.clock.now()  # type: ignore[attr-defined]


def lives(world: RiskWorld) -> None:
    world.venue.dead_since = None  # type: ignore[attr-defined]


@in_virtual_time
async def test_a_user_channel_without_messages_lives_as_long_as_pongs_come() -> None:
    world = await listening()
    await prices_go_on(world, 300)
    assert (world.step(), world.told("riskEscalated")) == (NORMAL, [])


@pytest.mark.parametrize(("seconds", "step"), [(18, NORMAL), (23, WARNING), (36, PAUSE)])
@in_virtual_time
async def test_a_user_channel_that_is_dead_warns_and_pauses_while_prices_flow(
    seconds: int, step: RiskStep
) -> None:
    world = await listening()
    dies(world)
    await prices_go_on(world, seconds)
    assert world.step() is step
    told = [one for one in world.told("riskEscalated") if one.step == step.label]
    assert [(one.rule, one.limit, one.source) for one in told] == (
        [] if step is NORMAL else [("connection", 30, "own orders of sim")]
    )
    assert await world.resting() == ({"exit": "2"} if step is PAUSE else {"add": "1", "exit": "2"})


@in_virtual_time
async def test_a_channel_that_is_back_is_followed_by_a_comparison_before_trading() -> None:
    world = await listening()
    dies(world)
    await prices_go_on(world, 40)
    assert world.step() is PAUSE
    synchroniser = world.engine.synchronisers["sim"]
    honest, looks = synchroniser._compare, []

    async def compare() -> None:
        looks.append(world.clock.now())
        await world.clock.sleep(3)
        await honest()

    synchroniser._compare = compare  # type: ignore[method-assign]
    lives(world)
    await prices_go_on(world, 2)
    assert (len(looks), world.step()) == (1, PAUSE)
    await prices_go_on(world, 5)
    assert (len(looks), world.step()) == (1, NORMAL)
    assert await world.resting() == {"add": "1", "exit": "2"}


@in_virtual_time
async def test_a_dead_channel_concerns_all_bots_of_its_venue_by_their_own_limits() -> None:
    patient = Given(bot_id=B, symbols=("BTC/USDC:USDC",), limits=limits(connection="600"))
    elsewhere = Given(bot_id="c", exchange="other")  # type: ignore[arg-type]
    world = await listening(Given(bot_id=A), patient, elsewhere)
    dies(world)
    for _ in range(50):
        await world.tick(ETH="100", BTC="100")
        await world.wait(0.8)
    assert (world.step(A), world.step(B), world.step("c")) == (PAUSE, NORMAL, NORMAL)
    sources = {
        one.scope: one.source for one in risk_snapshot(world.engine).readings
        if one.rule == "connection" and one.measured
    }  # fmt: skip
    assert sources[A] == sources[B] == "own orders of sim"


@in_virtual_time
async def test_a_gap_of_a_channel_that_nobody_saw_is_a_gap_all_the_same() -> None:
    """The machine slept; a pong was there before anybody could look."""
    world = await listening()
    await prices_go_on(world, 5)
    looks = world.engine.synchronisers["sim"].comparisons
    world.engine.streams.resumed = lambda *_: None  # type: ignore[method-assign]
    world.clock.offset_ns += 60_000_000_000
    await world.tick(ETH="100")
    await prices_go_on(world, 4)
    assert "pause" in [one.step for one in world.told("riskEscalated")]
    assert world.engine.synchronisers["sim"].comparisons > looks
    assert (world.step(), await world.resting()) == (NORMAL, {"add": "1", "exit": "2"})


@in_virtual_time
async def test_a_channel_that_is_dead_from_the_start_pauses() -> None:
    world = await listening()
    again = await world.reborn()
    again.venue.dead_since = 0  # type: ignore[attr-defined]
    await again.start(ETH="100")
    await prices_go_on(again, 25)
    assert again.step() is WARNING
    await prices_go_on(again, 10)
    assert (again.step(), await again.resting()) == (PAUSE, {"exit": "2"})
