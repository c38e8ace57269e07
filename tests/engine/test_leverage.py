"""A bot's leverage and margin mode: set before its first plan, and a pause while they are not."""

import asyncio
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.commands import EmergencyShutdown, Rearm, Result, ResumeBot, StartBot
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.instrument import MarginMode
from nimbus_tui.core.order import OrderRequest, OrderResponse
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from tests.engine.risk.worlds import A, B, Given, RiskWorld, holding, in_virtual_time
from tests.engine.told_venue import ToldVenue

ETH, BTC = "ETH/USDC:USDC", "BTC/USDC:USDC"
THREE = Given(leverage=3)
ISOLATED = Given(symbols=(ETH, BTC), leverage=5, margin_mode=MarginMode.ISOLATED)
PAUSE, NORMAL = RiskStep.PAUSE, RiskStep.NORMAL
REFUSAL = "Cannot switch leverage type with open position."
REASON = f"sim does not have a cross leverage of 3 on {ETH}: {REFUSAL}"


class Logging(ToldVenue):
    """Remembers the order of things; setting a leverage may take a while."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.log: list[str] = []
        self.lets_set = asyncio.Event()
        self.lets_set.set()

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        self.log.append("order")
        return await super().place_order(request)

    async def set_leverage(self, *given: Any) -> None:
        await self.lets_set.wait()
        self.log.append("leverage")
        await super().set_leverage(*given)


def venue(world: RiskWorld) -> Logging:
    assert isinstance(world.venue, Logging)
    return world.venue


async def refused_from_the_start(**more: Any) -> RiskWorld:
    world = RiskWorld(THREE, exchange=Logging, **more)
    venue(world).leverage_problem = REFUSAL
    await world.start(ETH="100")
    await world.wish("add buy 1 50")
    return await world.wait(2)


@in_virtual_time
async def test_it_is_set_before_the_first_order() -> None:
    world = await holding(THREE, exchange=Logging)
    assert venue(world).leverage_asked == [(ETH, 3, MarginMode.CROSS)]
    assert venue(world).log[:2] == ["leverage", "order"]


@in_virtual_time
async def test_it_is_set_on_each_symbol_in_the_mode_that_is_asked_for() -> None:
    world = await RiskWorld(ISOLATED, exchange=Logging).start(ETH="100", BTC="100")
    isolated = MarginMode.ISOLATED
    assert venue(world).leverage_asked == [(ETH, 5, isolated), (BTC, 5, isolated)]


@pytest.mark.parametrize("given", [Given(), Given(symbols=("ETH/USDC",), leverage=3)])
@in_virtual_time
async def test_nothing_is_set_unasked_nor_where_nothing_is_on_margin(given: Given) -> None:
    world = await RiskWorld(given, exchange=Logging).start(ETH="100")
    await world.wish("add buy 1 50")
    assert await world.resting() == {"add": "1"}
    assert venue(world).leverage_asked == []


@in_virtual_time
async def test_a_refusal_pauses_in_words_is_tried_again_and_gone_once_it_is_set() -> None:
    world = await refused_from_the_start()
    assert (world.bot().standing.risk_step, world.bot().standing.risk_reason) == (PAUSE, REASON)
    assert await world.resting() == {}
    await world.wait(120)
    assert [one.reason for one in world.told("paused")] == [REASON]
    tries = len(venue(world).leverage_asked)
    assert 8 <= tries <= 12
    venue(world).leverage_problem = ""
    await world.wait(31)
    assert len(venue(world).leverage_asked) == tries + 1
    assert world.bot().standing.risk_step is NORMAL
    assert len(world.told("resumed")) == 1
    assert await world.resting() == {"add": "1"}


@in_virtual_time
async def test_a_single_failure_is_tried_again_without_a_word() -> None:
    world = await holding(THREE, exchange=Logging)
    again = await world.reborn()
    honest, failures = venue(again).set_leverage, [ExchangeError("429")]

    async def fails_once(*given: Any) -> None:
        if failures:
            raise failures.pop()
        await honest(*given)

    venue(again).set_leverage = fails_once  # type: ignore[method-assign]
    await again.start(ETH="100")
    await again.wait(1)
    assert again.told("paused") == []
    assert await again.resting() == {"add": "1", "exit": "2"}
    assert venue(again).placed == venue(again).cancelled == []


@in_virtual_time
async def test_what_rests_stays_while_the_venue_is_asked_and_nothing_new_leaves() -> None:
    world = await holding(THREE, exchange=Logging)
    again = await world.reborn()
    venue(again).lets_set.clear()
    await again.start(ETH="100")
    await again.wish("more buy 1 40")
    await again.wait(20)
    assert await again.resting() == {"add": "1", "exit": "2"}
    assert venue(again).log == []
    venue(again).lets_set.set()
    await again.wait(1)
    assert venue(again).log == ["leverage", "order"]
    assert await again.resting() == {"add": "1", "exit": "2", "more": "1"}


@in_virtual_time
async def test_at_a_pause_for_it_exits_stay_and_what_adds_goes() -> None:
    world = await holding(THREE, exchange=Logging)
    again = await world.reborn()
    venue(again).leverage_problem = REFUSAL
    await again.start(ETH="100")
    await again.wait(2)
    assert await again.resting() == {"exit": "2"}


@in_virtual_time
async def test_resume_does_not_lift_it_and_says_why() -> None:
    world = await refused_from_the_start()
    outcome = await world.execute(ResumeBot(A))
    assert outcome.result is Result.REFUSED
    assert outcome.message == (
        f"a: a missing setting pauses it, which resume does not lift: {REASON}"
    )


@in_virtual_time
async def test_another_bot_of_the_venue_is_not_held_up() -> None:
    world = RiskWorld(THREE, Given(bot_id=B, symbols=(BTC,)), exchange=Logging)
    venue(world).lets_set.clear()
    await world.start(ETH="100", BTC="100")
    await world.wish("add buy 1 50")
    await world.wish("add buy 1 50", of=B)
    await world.wait(5)
    assert (await world.resting(A), await world.resting(B)) == ({}, {"add": "1"})


class WithoutLeverage(PaperExchange):
    """Has no such setting, as paper."""


@in_virtual_time
async def test_a_venue_without_it_pauses_only_who_asks_for_it() -> None:
    world = RiskWorld(THREE, Given(bot_id=B, symbols=(BTC,)), exchange=WithoutLeverage)
    await world.start(ETH="100", BTC="100")
    await world.wait(2)
    assert world.bot(A).standing.risk_reason == (
        "sim can't set a leverage: take `leverage` out of its bot's table"
    )
    assert world.bot(B).standing.risk_reason == ""


@in_virtual_time
async def test_a_latched_engine_sets_nothing_before_the_bot_is_started_again() -> None:
    world = await holding(THREE, exchange=Logging)
    await world.execute(EmergencyShutdown("enough"))
    again = await world.reborn()
    await again.start(ETH="100")
    await again.wait(10)
    assert venue(again).leverage_asked == []
    assert (await again.execute(Rearm())).result is Result.DONE
    await again.wait(10)
    assert venue(again).leverage_asked == []
    await again.execute(StartBot(A))
    await again.wait(2)
    assert venue(again).log[:2] == ["leverage", "order"]
    assert await again.resting() == {"add": "1", "exit": "2"}


@in_virtual_time
async def test_each_start_sees_to_it_anew_with_what_the_config_says_by_then() -> None:
    world = await holding(THREE, exchange=Logging)
    world.given = (msgspec.structs.replace(THREE, leverage=7),)
    again = await world.reborn()
    await again.start(ETH="100")
    assert venue(again).leverage_asked == [(ETH, 7, MarginMode.CROSS)]
