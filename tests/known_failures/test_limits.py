"""Limits that faked a loss, latched the whole book or saw nothing: here they say what they know."""

from decimal import Decimal
from random import Random

import msgspec
import pytest

from nimbus_tui.control.commands import ResetPeak, StopBot
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.risk_memory import RiskMemory, memory_fact
from nimbus_tui.engine.risk_snapshot import risk_snapshot
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
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

PAUSE, STOP = RiskStep.PAUSE, RiskStep.STOP
TWO = (Given(bot_id=A), Given(bot_id=B, symbols=("BTC/USDC:USDC",)))
BOTH = {"ETH": "100", "BTC": "100"}


def reading(world: RiskWorld, rule: str, scope: str = A) -> RiskReading:
    """What a client is told of a rule."""
    found = risk_snapshot(world.engine).readings
    return next(one for one in found if (one.scope, one.rule) == (scope, rule))


@pytest.mark.parametrize("rule", ["drawdown", "daily_loss"])
@in_virtual_time
async def test_f11_a_fall_between_marks_of_two_places_pauses_and_never_sells(rule: str) -> None:
    """An earlier life measured 1,212 with another source: 17.5 % more than now, and no loss."""
    world = await holding(Given(limits=limits(**{rule: "10"}), close_on_stop=True))
    await world.jump(1)
    await world.ask()
    fact = memory_fact(A)
    memory = msgspec.json.decode(world.journal.fact(fact) or "", type=RiskMemory)
    assert memory.track is not None
    high = Decimal(1212)
    track = msgspec.structs.replace(
        memory.track,
        origin="marks of elsewhere",
        peak=high,
        first=msgspec.structs.replace(memory.track.first, equity=high),
        day=msgspec.structs.replace(memory.track.day, equity=high),
    )
    text = msgspec.json.encode(msgspec.structs.replace(memory, track=track)).decode()
    world.journal.save_fact(fact, text)
    again = await (await world.reborn()).start(ETH="100")
    await again.path("100", "99", "100")
    told = reading(again, rule)
    assert (told.input, told.measured, told.step) == (RiskInput.MIXED, None, PAUSE)
    assert again.step() is PAUSE
    assert await lets(again) == "reducing"
    assert again.position() == 5
    await again.jump(25)
    await again.execute(ResetPeak(A))
    await again.path("100", "100")
    assert reading(again, rule).input is RiskInput.GOOD
    assert again.step() is RiskStep.NORMAL


@in_virtual_time
async def test_f12_the_drawdown_that_acts_is_that_of_the_equity_curve() -> None:
    """Against a curve that is kept apart; the first losing trade counts from the start."""
    chance = Random(7)
    world = await RiskWorld(Given(limits=limits(drawdown="90"))).start(ETH="100")
    await world.trade("first buy 2")
    await world.tick(ETH="97")
    await world.ask()
    assert reading(world, "drawdown").measured == Decimal("0.6")
    bought = [(Decimal(2), Decimal(100))]
    price, peak = Decimal(97), Decimal(1000)
    for number in range(60):
        side = "sell" if chance.random() < 0.4 else "buy"
        quantity = Decimal(chance.randint(1, 4)) / 2
        await world.trade(f"t{number} {side} {quantity}")
        bought.append((quantity if side == "buy" else -quantity, price))
        for _ in range(3):
            price = max(Decimal(20), price + chance.randint(-6, 6))
            await world.tick(ETH=str(price))
            equity = 1000 + sum(many * (price - paid) for many, paid in bought)
            peak = max(peak, equity)
        await world.ask()
        assert reading(world, "drawdown").measured == (peak - equity) / peak * 100


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("rule", ["daily_loss", "drawdown"])
@in_virtual_time
async def test_f17_a_stop_by_a_limit_does_what_the_operators_stop_would(
    rule: str, closes: bool
) -> None:
    world = await holding(Given(limits=limits(**{rule: "10"}), close_on_stop=closes))
    told = (await LocalClient(world.engine).consequence(StopBot(A))).message
    await world.path("76", "76")
    assert world.bot().standing.is_stopped
    assert told.startswith("a: 2 orders are cancelled; ")
    assert await world.resting() == {}
    assert told.endswith("are sold at the market" if closes else "is kept")
    assert world.position() == (0 if closes else 5)


@in_virtual_time
async def test_f18_a_socket_that_is_open_and_dead_is_noticed_shown_and_pauses() -> None:
    world = await holding(settings={"watches_streams": True})
    assert world.venue.is_connected()
    await world.wait(60)
    assert world.venue.is_connected()
    told = reading(world, "connection")
    assert told.measured is not None
    assert (told.measured >= 59, told.limit, told.step) == (True, 30, PAUSE)
    assert [one.step for one in world.told("riskEscalated")] == ["warning", "pause"]
    assert await lets(world) == "reducing"
    looks = world.engine.synchronisers["sim"].comparisons
    await world.path("100", "100", "100")
    assert world.engine.synchronisers["sim"].comparisons > looks
    assert set(await world.resting()) == {"add", "exit", "more", "out"}


@in_virtual_time
async def test_f22_one_budget_is_counted_for_all_bots_and_keeps_a_share_for_exits() -> None:
    world = await holding(*TWO, start=BOTH)
    await world.wish("add buy 1 50", of=B)
    honest = world.venue.connection_status
    world.venue.connection_status = lambda: msgspec.structs.replace(  # type: ignore[method-assign]
        honest(), rate_used=0.8
    )
    await world.wait(1.1)
    assert reading(world, "api_rate", "account sim").refuses == "everything"
    for bot_id in (A, B):
        await world.wish("more buy 1 60", of=bot_id)
        assert "more" not in await world.resting(bot_id)
    await world.forget("add", of=B)
    assert await world.resting(B) == {}
    await world.wish("out sell 1 290")
    assert "out" in await world.resting(A)


@pytest.mark.parametrize("amount", ["9000", "-9000"])
@in_virtual_time
async def test_f29_transfers_and_an_empty_history_trip_no_limit(amount: str) -> None:
    every = RiskLimits(
        stop_loss=Decimal(1), take_profit=Decimal(1), daily_loss=Decimal(1), drawdown=Decimal(1),
        position_age="1m", consecutive_losses=1, position_size=Decimal(100),
    )  # fmt: skip
    over_all = {
        "limits": EngineLimits(
            total_exposure=Decimal(1), correlation=Decimal(1), asset_allocation=Decimal(50)
        ),
        "account_limits": {"sim": AccountLimits(leverage=Decimal(1))},
    }
    world = await RiskWorld(Given(limits=every), settings=over_all).start(ETH="100")
    world.venue.transfer("USDC", Decimal(amount))
    await world.path("100", "50", "200", "100")
    await world.wait(130)
    assert world.told("riskEscalated") == []
    assert world.bot().standing.state.value == "running"
    told = risk_snapshot(world.engine).readings
    assert {one.measured for one in told if one.limit is not None} == {0}


@in_virtual_time
async def test_f30_one_positions_margin_loss_stops_its_bot_and_not_the_whole_book() -> None:
    """a loses half of its own 1,000, which are a twentieth of the account's 10,000."""
    mine = limits(drawdown="30", daily_loss="30")
    world = await holding(
        Given(bot_id=A, limits=mine),
        msgspec.structs.replace(TWO[1], limits=mine),
        start=BOTH,
        settings={
            "limits": EngineLimits(total_exposure=Decimal(5), equity_floor=Decimal(8000)),
            "account_limits": {"sim": AccountLimits(leverage=Decimal(5))},
        },
    )
    await world.wish("add buy 1 50", of=B)
    await world.path("30")
    assert world.bot(A).standing.is_stopped
    told = world.told("riskEscalated")
    assert [(one.scope, one.step, one.limit, one.window) for one in told] == [
        (A, "stop", 30, "since 00:00 UTC")
    ]
    assert not world.engine.emergency.latched
    assert world.step("engine") is world.step("account sim") is world.step(B) is RiskStep.NORMAL
    assert await world.resting(B) == {"add": "1"}


@in_virtual_time
async def test_f30_a_missing_mark_is_unavailable_and_no_number() -> None:
    """After a kill b's market is silent: its holding is worth neither nothing nor its cost."""
    over_all = {
        "limits": EngineLimits(total_exposure=Decimal(5), equity_floor=Decimal(100)),
        "account_limits": {"sim": AccountLimits(leverage=Decimal(5))},
        "watches_streams": True,
    }
    world = await holding(*TWO, start=BOTH, settings=over_all)
    await world.trade("in buy 5", of=B)
    again = await (await world.reborn()).start(ETH="100")
    await again.path(*["100"] * 35)
    for rule, scope in (("total_exposure", "engine"), ("leverage", "account sim")):
        told = reading(again, rule, scope)
        assert (told.input, told.measured, told.usage) == (RiskInput.MISSING, None, None)
        assert told.detail == "the mark of BTC/USDC:USDC is missing"
        assert told.source == "marks of sim"
        assert again.step(scope) is PAUSE
    assert not again.engine.emergency.latched
    assert await again.resting(A) == {"exit": "2"}
    assert (again.position(A), again.position(B)) == (5, 5)
    await again.path("100", "100", "100", asset="BTC")
    assert reading(again, "total_exposure", "engine").measured == Decimal(1100) / 10_000


@in_virtual_time
async def test_f30_every_limit_names_what_it_measures_and_where_it_has_it_from() -> None:
    world = await holding(
        Given(limits=limits(drawdown="30", daily_loss="30", stop_loss="50", position_size="9000")),
        settings={
            "limits": EngineLimits(total_exposure=Decimal(5), correlation=Decimal(5)),
            "account_limits": {"sim": AccountLimits(leverage=Decimal(5))},
        },
    )
    told = {one.rule: one for one in risk_snapshot(world.engine).readings if one.measured}
    assert {rule: one.source for rule, one in told.items()} == {
        "position_size": "marks of sim",
        "order_rate": "orders sent",
        "total_exposure": "accounts of sim, marks of sim",
        "correlation": "accounts of sim, marks of sim",
        "leverage": "account of sim, marks of sim",
    }
