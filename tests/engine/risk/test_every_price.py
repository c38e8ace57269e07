"""A law that is only looked at where it can change does what one does that looks at every price."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.market import Tick
from nimbus_tui.core.plan import NO_BAND
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.risk_desk import RiskDesk
from nimbus_tui.risk.limits import AccountLimits, EngineLimits
from tests.engine.risk.worlds import MIDNIGHT_NS, limits
from tests.simulation.worlds import World

SECOND = 1_000_000_000
TOLD = (
    "riskEscalated", "riskCleared", "stopLossTriggered", "takeProfitTriggered",
    "positionLimitWarning", "circuitBreakerActivated", "stopped",
)  # fmt: skip
RULES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "drawdown": ({"drawdown": "1", "hold": "60s"}, {}),
    "daily loss": ({"daily_loss": "2", "hold": "60s"}, {}),
    "stop loss": ({"stop_loss": "1.5"}, {}),
    "stop loss that is confirmed": (
        {"stop_loss": "1", "confirm_seconds": "7", "confirm_percent": "1"}, {},
    ),
    "take profit": ({"take_profit": "0.8"}, {}),
    "position size": ({"position_size": "420", "hold": "60s"}, {}),
    "exposure": ({}, {"total_exposure": "0.046", "hold": "60s"}),
    "equity floor": ({}, {"equity_floor": "9995"}),
}  # fmt: skip


def ticks(seed: int) -> Iterator[Tick]:
    """An hour of prices that slide, and now and then jump."""
    chance, price = Random(seed), Decimal(2400)
    for second in range(1, 3600, 2):
        price += Decimal(chance.randint(-210, 200)) / 100
        if chance.random() < 0.01:
            price += chance.choice((-1, 1)) * 20
        yield Tick(MIDNIGHT_NS + second * SECOND, "ETH/USDC:USDC", price, Decimal(0))


async def told(rule: str, seed: int) -> tuple[list[Any], list[Any], int]:
    """The events and fills of one run, and how many turns there were."""
    own, over_all = RULES[rule]
    world = World(limits=limits(**own), capital=Decimal(600), start_ns=MIDNIGHT_NS)
    given = {k: Decimal(v) if k != "hold" else v for k, v in over_all.items()}
    world.engine.settings = msgspec.structs.replace(
        world.engine.settings,
        limits=EngineLimits(**given),
        account_limits={"sim": AccountLimits(leverage=Decimal(9))} if over_all else {},
    )
    world.engine.risk_desk = RiskDesk(world.engine)
    turns = 0
    honest = Engine._turn

    def turn(bot: Any, batch: Any) -> Any:
        nonlocal turns
        turns += 1
        return honest(world.engine, bot, batch)

    world.engine._turn = turn  # type: ignore[method-assign]
    await world.backtest(ticks(seed))
    events = world.engine.journal.events(types=list(TOLD), limit=-1)
    return (
        [msgspec.structs.replace(event, seq=0) for event in events],
        [(fill.ts, fill.key, fill.price, fill.quantity) for fill in world.fills()],
        turns,
    )


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("rule", RULES)
async def test_looking_where_it_can_change_is_looking_at_every_price(
    rule: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, fills, turns = await told(rule, seed)
    patch = monkeypatch
    patch.setattr(Engine, "quiet_band", lambda self, market: NO_BAND)
    patch.setattr(
        "nimbus_tui.engine.waking.Waking.awaits_price", property(lambda self: True)
    )  # fmt: skip
    patch.setattr(RiskDesk, "fired", lambda self, woken: setattr(self, "_is_due", True))
    every_event, every_fill, every_turn = await told(rule, seed)
    assert events
    assert events == every_event
    assert fills == every_fill
    assert turns < every_turn
