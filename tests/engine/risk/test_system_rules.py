"""Level 4 through the running engine: requests, streams, refusals, emergencies."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.control.commands import Rearm, Result, ResumeBot, StartBot
from nimbus_tui.core.order import OrderRequest, OrderResponse, RefusalKind, Refused, Side
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.exchanges.base import ConnectionStatus
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.orders import client_id
from nimbus_tui.risk.limits import EngineLimits
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

NORMAL, WARNING, THROTTLE = RiskStep.NORMAL, RiskStep.WARNING, RiskStep.THROTTLE
PAUSE, EMERGENCY = RiskStep.PAUSE, RiskStep.EMERGENCY
TWO = (Given(bot_id=A), Given(bot_id=B, symbols=("BTC/USDC:USDC",)))
WATCHES = {"watches_streams": True}


class Venue(PaperExchange):
    """Counts requests as it is told, and refuses what it is told to."""

    used = 0.0
    refuses: Any = None

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.placed: list[OrderRequest] = []

    def connection_status(self) -> ConnectionStatus:
        status = super().connection_status()
        return ConnectionStatus(link=status.link, rate_used=self.used)

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        self.placed.append(request)
        if self.refuses is not None and (refused := self.refuses(request)) is not None:
            return refused  # type: ignore[no-any-return]
        return await super().place_order(request)


# API rate

USED = [
    (0.559, NORMAL, "all"),
    (0.56, WARNING, "all"),
    (0.679, WARNING, "all"),
    (0.68, THROTTLE, "half"),
    (0.799, THROTTLE, "half"),
    (0.8, THROTTLE, "no more"),
    (1.0, THROTTLE, "no more"),
]
"""Of the venue's budget 80 % may be used."""


@pytest.mark.parametrize(("used", "step", "through"), USED)
@in_virtual_time
async def test_requests_near_the_venues_limit_take_their_steps(
    used: float, step: RiskStep, through: str
) -> None:
    world = await holding(exchange=Venue)
    world.venue.used = used  # type: ignore[attr-defined]
    await world.wait(1.1)
    assert world.step("account sim") is step
    assert world.bot().standing.risk_step is step
    assert await lets(world) == through
    told = world.told("riskEscalated")
    assert [(one.scope, one.step, one.rule, one.limit, one.source) for one in told] == (
        []
        if step is NORMAL
        else [("account sim", step.label, "api_rate", 80, "request budget of sim")]
    )


@in_virtual_time
async def test_one_budget_for_all_bots_leaves_cancels_and_exits_their_share() -> None:
    world = await holding(*TWO, exchange=Venue, start={"ETH": "100", "BTC": "100"})
    world.venue.used = 0.9  # type: ignore[attr-defined]
    await world.wait(1.1)
    await world.wish("add buy 1 90", of=B)
    assert await world.resting(B) == {}
    (told,) = [one.message for one in world.told("warning") if one.bot_id == B]
    assert told == "add is held back: api rate: 90.00 % of 80.00 %"
    await world.forget("add", "exit")
    await world.wish("close sell 5 -")
    await world.tick(ETH="100")
    assert (world.position(), await world.resting()) == (0, {})
    world.venue.used = 0.1  # type: ignore[attr-defined]
    await world.wait(1.1)
    assert await world.resting(B) == {"add": "0.5"}  # the step is held for ten minutes


# connection

SILENT = [(20, NORMAL), (22, WARNING), (29, WARNING), (32, PAUSE)]


@pytest.mark.parametrize(("seconds", "step"), SILENT)
@in_virtual_time
async def test_a_feed_that_is_open_and_dead_warns_and_pauses(seconds: int, step: RiskStep) -> None:
    world = await holding(settings=WATCHES)
    await world.tick(ETH="100")
    await world.wait(seconds)
    assert world.step() is step
    await world.wish("more buy 2 40", "out sell 1 290")
    found = set(await world.resting())
    assert found == ({"exit", "out"} if step is PAUSE else {"add", "exit", "more", "out"})
    told = [one for one in world.told("riskEscalated") if one.step == step.label]
    assert [(one.rule, one.limit, one.source) for one in told] == (
        [] if step is NORMAL else [("connection", 30, "prices of ETH/USDC:USDC")]
    )
    assert world.position() == 5


@in_virtual_time
async def test_after_a_gap_orders_and_fills_are_compared_before_trading_goes_on() -> None:
    world = await holding(settings=WATCHES)
    await world.wait(40)
    assert world.step() is PAUSE
    synchroniser = world.engine.synchronisers["sim"]
    honest, looks = synchroniser._compare, []

    async def compare() -> None:
        looks.append(world.clock.now())
        await world.clock.sleep(3)
        await honest()

    synchroniser._compare = compare  # type: ignore[method-assign]
    await world.path("100", "101")
    assert len(looks) == 1
    assert (world.step(), await world.resting()) == (PAUSE, {"exit": "2"})
    await world.path("101", "101", "101", "101")
    assert (world.step(), await world.resting()) == (NORMAL, {"exit": "2", "add": "1"})
    assert [one[:2] for one in world.steps_told()] == [
        ("up", "warning"), ("up", "pause"), ("down", "normal"),
    ]  # fmt: skip


@in_virtual_time
async def test_a_comparison_that_began_in_the_gap_does_not_end_it() -> None:
    world = await holding(settings=WATCHES)
    synchroniser = world.engine.synchronisers["sim"]
    honest, looks = synchroniser._compare, []

    async def compare() -> None:
        looks.append(world.clock.now())
        await world.clock.sleep(5)
        await honest()

    await world.wait(40)
    synchroniser._compare = compare  # type: ignore[method-assign]
    synchroniser.compare_soon()
    await world.wait(2)
    await world.path("100", "100", "100", "100")
    assert (len(looks), world.step()) == (2, PAUSE)
    await world.path(*["100"] * 5)
    assert world.step() is NORMAL


@in_virtual_time
async def test_a_gap_that_nobody_saw_is_a_gap_all_the_same() -> None:
    """The machine slept: the first thing that it hears is a price."""
    world = await holding(settings=WATCHES)
    world.clock.offset_ns += 60_000_000_000
    looks = world.engine.synchronisers["sim"].comparisons
    await world.tick(ETH="100")
    await world.ask()
    assert (world.step(), await world.resting()) == (PAUSE, {"exit": "2"})
    await world.path("100", "100", "100")
    assert world.engine.synchronisers["sim"].comparisons > looks
    assert (world.step(), await world.resting()) == (NORMAL, {"exit": "2", "add": "1"})


@in_virtual_time
async def test_a_silent_feed_pauses_only_the_bots_that_need_it() -> None:
    world = await holding(*TWO, settings=WATCHES, start={"ETH": "100", "BTC": "100"})
    await world.wish("add buy 1 50", of=B)
    await world.path(*["100"] * 40, asset="BTC")
    assert (world.step(A), world.step(B)) == (PAUSE, NORMAL)
    assert await world.resting(B) == {"add": "1"}


@in_virtual_time
async def test_a_feed_that_is_dead_from_the_start_pauses_what_rests_from_before() -> None:
    world = await holding(settings=WATCHES)
    again = await (await world.reborn()).start()
    await again.wait(28)
    assert await again.resting() == {"add": "1", "exit": "2"}
    await again.wait(4)
    assert again.step() is PAUSE
    assert await again.resting() == {"exit": "2"}
    assert any(reading.rule == "connection" for reading in again.bot().risk.readings())
    await again.path("100", "100", "100")
    assert again.step() is NORMAL
    assert await again.resting() == {"add": "1", "exit": "2"}


@pytest.mark.parametrize("rule", ["stop_loss", "daily_loss", "drawdown"])
@in_virtual_time
async def test_old_marks_pause_and_never_sell(rule: str) -> None:
    given = Given(limits=limits(**{rule: "20"}), close_on_stop=True)
    world = await holding(given, settings=WATCHES)
    await world.wait(300)
    readings = {reading.rule: reading for reading in world.bot().risk.readings()}
    assert (readings[rule].input.value, readings[rule].step) == ("stale", PAUSE)
    assert (world.step(), world.position()) == (PAUSE, 5)


# order validation


def no_funds(request: OrderRequest) -> Refused | None:
    if request.side is Side.SELL:
        return None
    return Refused(RefusalKind.INSUFFICIENT_BALANCE, "no funds")


@pytest.mark.parametrize(("seconds", "step"), [(5, NORMAL), (60, PAUSE)])
@in_virtual_time
async def test_the_same_refusal_again_and_again_pauses_with_the_reason(
    seconds: int, step: RiskStep
) -> None:
    world = await holding(exchange=Venue)
    world.venue.refuses = no_funds  # type: ignore[attr-defined]
    world.venue.placed.clear()  # type: ignore[attr-defined]
    await world.wish("more buy 2 40")
    await world.wait(seconds)
    assert world.step() is step
    if step is NORMAL:
        assert len(world.venue.placed) < 5  # type: ignore[attr-defined]
        return
    assert len(world.venue.placed) == 5  # type: ignore[attr-defined]
    assert await world.resting() == {"exit": "2"}
    assert world.bot().standing.risk_reason == "more was refused 5 times in a row: no funds"
    await world.wish("out sell 1 290")
    assert await world.resting() == {"exit": "2", "out": "1"}
    world.venue.refuses = None  # type: ignore[attr-defined]
    again = await (await world.reborn()).start(ETH="100")
    assert await again.resting() == {"exit": "2", "out": "1"}
    assert (await again.execute(ResumeBot(A))).result is Result.DONE
    assert set(await again.resting()) == {"add", "exit", "more", "out"}
    assert again.step() is NORMAL


@in_virtual_time
async def test_the_operators_resume_ends_the_pause_of_refusals_at_once() -> None:
    world = await holding(exchange=Venue)
    world.venue.refuses = no_funds  # type: ignore[attr-defined]
    await world.wish("more buy 2 40")
    await world.wait(60)
    world.venue.refuses = None  # type: ignore[attr-defined]
    assert (await world.execute(ResumeBot(A))).message == "a: resumed"
    assert (world.step(), set(await world.resting())) == (NORMAL, {"add", "exit", "more"})


# emergency


def floor(price: str) -> dict[str, Any]:
    """A floor that the account reaches at a price of a's 5."""
    return {"limits": EngineLimits(equity_floor=9500 + 5 * Decimal(price))}


@pytest.mark.parametrize(("price", "trips"), [("80.01", False), ("80", True), ("60", True)])
@pytest.mark.parametrize("closes", [True, False])
@in_virtual_time
async def test_equity_at_its_floor_is_an_emergency(price: str, trips: bool, closes: bool) -> None:
    world = await holding(settings=floor("80") | {"close_in_emergency": closes})
    await world.tick(ETH=price)
    assert world.engine.emergency.latched is trips
    if not trips:
        assert world.step("engine") is NORMAL
        assert await lets(world) == "all"
        return
    for _ in range(4):
        await world.tick(ETH=price)
        await world.wait(1)
    assert world.engine.emergency.verified
    assert await world.venue.open_orders() == []
    assert world.position() == (0 if closes else 5)
    (told,) = world.told("riskEscalated")
    assert (told.scope, told.step, told.rule, told.limit) == (
        "engine",
        "emergency",
        "emergency",
        9900,
    )
    again = await (await world.reborn()).start(ETH="100")
    assert again.engine.state == "emergency"
    assert await lets(again) == "nothing"


@in_virtual_time
async def test_a_withdrawal_that_takes_the_account_under_its_floor_is_an_emergency() -> None:
    """The floor is of the account: what is no longer there can't stand behind the positions."""
    world = await holding(settings=floor("80"))
    world.venue.transfer("USDC", Decimal(-50))
    await world.wait(5)
    assert not world.engine.emergency.latched
    world.venue.transfer("USDC", Decimal(-50))
    await world.wait(5)
    assert world.engine.emergency.latched


@in_virtual_time
async def test_after_a_rearm_the_floor_holds_again_and_the_bots_are_the_operators() -> None:
    world = await holding(settings=floor("80"))
    await world.path("80", "80", "80")
    assert (await world.execute(Rearm())).result is Result.DONE
    await world.wait(2)
    assert world.engine.emergency.latched, "the equity is still at its floor"
    await world.path("100", "100", "100")
    assert (await world.execute(Rearm())).result is Result.DONE
    await world.wait(5)
    assert not world.engine.emergency.latched
    assert (world.step("engine"), world.bot().standing.is_stopped) == (NORMAL, True)
    assert (await world.execute(StartBot(A))).result is Result.DONE
    assert await lets(world) == "all"


@pytest.mark.parametrize(("orders", "trips"), [(9, False), (10, True)])
@in_virtual_time
async def test_a_storm_of_rejects_is_an_emergency(orders: int, trips: bool) -> None:
    settings = {"limits": EngineLimits(rejects=Decimal(10))}
    world = await RiskWorld(
        Given(limits=limits(repeat_refusals=1000)), settings=settings, exchange=Venue
    ).start(ETH="100")
    world.venue.refuses = no_funds  # type: ignore[attr-defined]
    await world.wish(*(f"add{n} buy 1 {50 - n}" for n in range(orders)))
    await world.wait(0.7)
    assert world.engine.emergency.latched is trips
    if trips:
        assert world.engine.emergency.reason == (
            "emergency: 10.00 of 10.00 1 min, orders refused in a minute"
        )


@in_virtual_time
async def test_an_order_with_our_tag_that_we_did_not_send_is_an_emergency() -> None:
    world = await holding()
    await world.wait(100)
    (live,) = [o for k, o in world.bot().keeper.live.items() if k == "add"]
    tag = world.engine.order_managers["sim"].engine_tag
    stranger = OrderRequest(
        client_order_id=client_id.client_order_id(tag, A, "somebody else", live.key, 0),
        symbol=live.symbol,
        side=Side.BUY,
        type=live.type,
        quantity=Decimal(1),
        price=Decimal(45),
    )
    await world.venue.place_order(stranger)
    await world.wait(130)
    assert world.engine.emergency.latched
    assert "orders with our tag that we did not send" in world.engine.emergency.reason
    assert await world.venue.open_orders() == []
