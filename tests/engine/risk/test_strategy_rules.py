"""Level 2 through the running engine: daily loss, drawdown, losing streaks."""

import pytest

from nimbus_tui.core.risk import RiskStep
from tests.engine.risk.worlds import Given, holding, in_virtual_time, lets, limits

NORMAL, WARNING, THROTTLE = RiskStep.NORMAL, RiskStep.WARNING, RiskStep.THROTTLE
PAUSE, STOP = RiskStep.PAUSE, RiskStep.STOP

DRAWDOWN = [
    ("86.01", NORMAL, "all"),
    ("86", WARNING, "all"),
    ("83.01", WARNING, "all"),
    ("83", THROTTLE, "half"),
    ("80.01", THROTTLE, "half"),
    ("80", PAUSE, "reducing"),
    ("77.01", PAUSE, "reducing"),
    ("77", STOP, "nothing"),
]
"""1,000 of capital and 5 bought at 100: a price of 80 is a fall of 10 %, the limit."""


@pytest.mark.parametrize(("price", "step", "through"), DRAWDOWN)
@in_virtual_time
async def test_drawdown_takes_its_steps(price: str, step: RiskStep, through: str) -> None:
    world = await holding(Given(limits=limits(drawdown="10")))
    await world.tick(ETH=price)
    assert world.step() is step
    assert await lets(world) == through
    told = world.told("riskEscalated")
    assert [(one.step, one.rule, one.limit, one.source) for one in told] == (
        [] if step is NORMAL else [(step.label, "drawdown", 10, "marks of sim")]
    )
