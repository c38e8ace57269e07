"""The venues' clocks against ours: measured, shown, and beyond a limit an emergency."""

import pytest

from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.snapshots import engine_snapshot
from nimbus_tui.engine.venue_clocks import ClockOffset, worst_offset
from nimbus_tui.risk.limits import EngineLimits
from tests.engine.risk.worlds import A, B, Given, RiskWorld, in_virtual_time, numbers_of
from tests.engine.told_venue import ToldVenue

TWO = (Given(bot_id=A), Given(bot_id=B, exchange="other"))


async def two_venues(limit: str | None = "3") -> RiskWorld:
    limits = EngineLimits(**numbers_of({"clock_offset": limit} if limit else {}))
    world = RiskWorld(*TWO, exchange=ToldVenue, settings={"limits": limits})
    return await world.start(ETH="100")


def told(world: RiskWorld, sim: float | None, other: float | None) -> None:
    for name, offset in (("sim", sim), ("other", other)):
        world.venues[name].clock_offset_ms = offset  # type: ignore[attr-defined]


OFFSETS = [
    (None, None, None),
    (2.5, None, ClockOffset("sim", 2.5)),
    (2.5, -40.0, ClockOffset("other", -40.0)),
    (2999.0, -40.0, ClockOffset("sim", 2999.0)),
]


@pytest.mark.parametrize(("sim", "other", "worst"), OFFSETS)
@in_virtual_time
async def test_the_clock_that_is_furthest_off_counts_and_is_shown(
    sim: float | None, other: float | None, worst: ClockOffset | None
) -> None:
    world = await two_venues()
    told(world, sim, other)
    await world.wait(1.1)
    assert worst_offset(world.venues.values()) == worst
    shown = engine_snapshot(world.engine)
    assert shown.clock_offset_ms == (worst and worst.ms)
    assert {one.name: one.clock_offset_ms for one in shown.exchanges} == {
        "sim": sim,
        "other": other,
    }
    assert not world.engine.emergency.latched


@pytest.mark.parametrize("offset", [3000.0, -3000.0])
@in_virtual_time
async def test_a_clock_that_is_off_is_an_emergency_that_names_the_venue(offset: float) -> None:
    world = await two_venues()
    told(world, 12.0, offset)
    await world.wait(1.1)
    assert world.engine.emergency.latched
    (event,) = world.told("riskEscalated")
    assert (event.step, event.measured, event.limit) == ("emergency", 3, 3)
    assert event.source == (
        "emergency: 3.00 of 3.00, seconds between our clock and the clock of other"
    )
    assert world.step("engine") is RiskStep.EMERGENCY


@in_virtual_time
async def test_without_a_limit_a_clock_that_is_off_is_only_shown() -> None:
    world = await two_venues(limit=None)
    told(world, 60_000.0, None)
    await world.wait(1.1)
    assert not world.engine.emergency.latched
    assert engine_snapshot(world.engine).clock_offset_ms == 60_000
