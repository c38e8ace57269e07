"""Paper money beside real money: it is in no total, and no limit takes it for real."""

from decimal import Decimal

import pytest

from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.snapshots import engine_snapshot
from nimbus_tui.risk.limits import EngineLimits
from tests.engine.risk.worlds import A, B, Given, RiskWorld, in_virtual_time


def beside(a: Mode, b: Mode) -> tuple[Given, Given]:
    """Two bots on two accounts of 10,000 each."""
    return Given(bot_id=A, mode=a), Given(bot_id=B, exchange="other", mode=b)


@pytest.mark.parametrize(
    ("a", "b", "mode", "equity"),
    [
        (Mode.PAPER, Mode.PAPER, Mode.PAPER, 20_000),
        (Mode.PAPER, Mode.LIVE, Mode.LIVE, 10_000),
        (Mode.TESTNET, Mode.PAPER, Mode.TESTNET, 10_000),
        (Mode.TESTNET, Mode.LIVE, Mode.LIVE, 10_000),
        (Mode.LIVE, Mode.LIVE, Mode.LIVE, 20_000),
    ],
)
@in_virtual_time
async def test_the_whole_is_that_of_the_money_which_moves(
    a: Mode, b: Mode, mode: Mode, equity: int
) -> None:
    world = await RiskWorld(*beside(a, b)).start(ETH="100")
    await world.wait(3)
    seen = engine_snapshot(world.engine)
    assert (seen.mode, seen.equity) == (mode, Decimal(equity))


@in_virtual_time
async def test_paper_exposure_is_none_beside_real_money() -> None:
    world = await RiskWorld(*beside(Mode.PAPER, Mode.LIVE)).start(ETH="100")
    await world.trade("in buy 5")
    assert world.engine.bots[A].position("ETH/USDC:USDC") == 5
    assert engine_snapshot(world.engine).exposure == 0


@pytest.mark.parametrize(
    ("mode", "step"), [(Mode.PAPER, RiskStep.NORMAL), (Mode.LIVE, RiskStep.EMERGENCY)]
)
@in_virtual_time
async def test_a_floor_is_not_held_up_by_paper_money(mode: Mode, step: RiskStep) -> None:
    """Real 10,000 are under a floor of 15,000, whatever stands beside them on paper."""
    settings = {"limits": EngineLimits(equity_floor=Decimal(15_000))}
    world = await RiskWorld(*beside(Mode.PAPER, mode), settings=settings).start(ETH="100")
    await world.tick(ETH="101")
    await world.wait(3)
    assert world.engine.emergency.latched is (step is RiskStep.EMERGENCY)
