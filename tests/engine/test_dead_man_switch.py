"""The dead-man's switch: set while the engine lives, off where it does harm, gone at the end."""

import asyncio
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.order import CancelRequest, OrderRequest, RefusalKind, Refused, Side, Unknown
from nimbus_tui.engine.dead_man_switch import REFRESH_S, REFUSED_S, SILENCE_S, switch_fact
from tests.engine.risk.worlds import A, B, Given, RiskWorld, holding, in_virtual_time
from tests.engine.told_venue import ToldVenue

WANTED: dict[str, Any] = {"dead_man_switches": frozenset({"sim"})}
NO_VOLUME = Refused(RefusalKind.INVALID, "not until enough volume was traded")


async def watched(*bots: Given, **settings: Any) -> RiskWorld:
    world = await holding(*bots, exchange=ToldVenue, settings=WANTED | settings)
    return await world.wait(6)


def venue(world: RiskWorld) -> ToldVenue:
    assert isinstance(world.venue, ToldVenue)
    return world.venue


def asked(world: RiskWorld) -> list[float | None]:
    return [seconds for _, seconds in venue(world).switch_asked]


def said(world: RiskWorld) -> list[str]:
    """What was told of the switch."""
    told = [one.message for one in world.told("info", "warning", "error")]
    return [message for message in told if "dead-man" in message]


async def somebody_trades(world: RiskWorld, **terms: Any) -> None:
    """An order at the venue that no bot here knows."""
    request = OrderRequest(
        client_order_id="by-hand",
        symbol=next(iter(world.instruments)),
        side=Side.BUY,
        quantity=Decimal(1),
        price=Decimal(20),
    )
    await world.venue.place_order(msgspec.structs.replace(request, **terms))


async def by_hand(world: RiskWorld) -> None:
    await somebody_trades(world)


async def by_a_former_bot(world: RiskWorld) -> None:
    tag = world.engine.order_managers["sim"].engine_tag
    await somebody_trades(world, client_order_id=f"{tag}{'0' * 26}")


async def a_protective_stop(world: RiskWorld) -> None:
    bot = world.bot()
    order = next(iter(bot.keeper.live.values()))
    bot.keeper.live.put(
        msgspec.structs.replace(order, key=OrderKey("stop/ETH"), client_order_id="stop")
    )


async def a_trigger_order(world: RiskWorld) -> None:
    bot = world.bot()
    order = next(iter(bot.keeper.live.values()))
    bot.keeper.live.put(msgspec.structs.replace(order, trigger_price=Decimal(80)))


@in_virtual_time
async def test_it_is_set_in_time_again_and_again_while_the_engine_lives() -> None:
    world = await watched()
    await world.wait(1_000)
    times = [at for at, _ in venue(world).switch_asked]
    assert set(asked(world)) == {SILENCE_S}
    assert len(times) >= 1_000 // (REFRESH_S + 6)
    assert max(b - a for a, b in pairwise(times)) < SILENCE_S / 2 * 1e9
    assert said(world) == [
        "the dead-man's switch of sim is set: once it has not heard of this engine for 120 s, "
        "it cancels every order of the account"
    ]


@in_virtual_time
async def test_nobody_sets_it_unasked() -> None:
    world = await holding(exchange=ToldVenue)
    await world.wait(300)
    assert asked(world) == []


@in_virtual_time
async def test_a_venue_without_one_is_named_once() -> None:
    world = await holding(settings=WANTED)
    await world.wait(300)
    assert said(world) == ["sim offers no dead-man's switch: orders stay if this engine dies"]


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        (by_hand, "the account has orders of no bot here (1)"),
        (by_a_former_bot, "the account has orders of no bot here (1)"),
        (a_protective_stop, "it would take away the protective stop stop/ETH"),
        (a_trigger_order, "it would take away the protective stop add"),
    ],
)
@in_virtual_time
async def test_it_is_cleared_where_it_would_do_harm(why: Any, reason: str) -> None:
    world = await watched()
    assert venue(world).fires_at is not None
    await why(world)
    await world.wait(REFRESH_S + 6)
    assert venue(world).fires_at is None
    assert asked(world)[-1] is None
    assert said(world)[1:] == [f"the dead-man's switch of sim is off: {reason}"]
    count = len(asked(world))
    await world.wait(50)
    assert len(asked(world)) == count


@in_virtual_time
async def test_it_is_set_again_once_the_foreign_order_is_gone() -> None:
    world = await watched()
    await by_hand(world)
    await world.wait(60)
    report = next(one for one in await world.venue.open_orders() if one.price == 20)
    cancel = CancelRequest(client_order_id=report.client_order_id, symbol=report.symbol)
    await world.venue.cancel_order(cancel)
    await world.wait(60)
    assert venue(world).fires_at is not None
    assert [line.split(" is ")[1][:3] for line in said(world)] == ["set", "off", "set"]


@in_virtual_time
async def test_a_stop_of_a_neighbour_on_the_same_account_counts() -> None:
    """Spot and perpetuals of one account are two venues here, and one switch there."""
    pair = (Given(bot_id=A), Given(bot_id=B, exchange="other"))
    world = RiskWorld(*pair, exchange=ToldVenue, settings=WANTED)
    for one in world.venues.values():
        honest = one.account_info

        async def same(honest: Any = honest) -> Any:
            return msgspec.structs.replace(await honest(), account="0xabc")

        one.account_info = same  # type: ignore[method-assign]
    await world.start(ETH="100")
    await world.wish("add buy 1 50", of=B)
    await world.wait(6)
    assert venue(world).fires_at is not None
    bot = world.bot(B)
    order = next(iter(bot.keeper.live.values()))
    bot.keeper.live.put(msgspec.structs.replace(order, trigger_price=Decimal(80)))
    await world.wait(6)
    assert venue(world).fires_at is None


@in_virtual_time
async def test_a_refusal_is_told_once_and_asked_for_again_only_rarely() -> None:
    world = RiskWorld(exchange=ToldVenue, settings=WANTED)
    venue(world).switch_answer = NO_VOLUME
    await world.start(ETH="100")
    await world.wait(REFUSED_S - 60)
    assert asked(world) == [SILENCE_S]
    await world.wait(120)
    assert asked(world) == [SILENCE_S] * 2
    assert said(world) == [
        "sim refuses the dead-man's switch: not until enough volume was traded; "
        "orders stay if this engine dies"
    ]
    assert world.told("error") == []
    assert world.journal.fact(switch_fact("sim")) is None
    venue(world).switch_answer = None
    await world.wait(REFUSED_S)
    assert venue(world).fires_at is not None


@pytest.mark.parametrize("answer", [Unknown("timed out"), Refused(RefusalKind.BUSY, "429")])
@in_virtual_time
async def test_a_lost_answer_is_asked_for_again_soon(answer: Any) -> None:
    world = await watched()
    venue(world).switch_answer = answer
    await world.wait(REFRESH_S + 12)
    assert len(asked(world)) >= 3
    venue(world).switch_answer = None
    await world.wait(10)
    assert (venue(world).fires_at or 0) > world.clock.now() + 100 * NS_PER_SECOND
    assert len(said(world)) == 1


@pytest.mark.parametrize("cancels", [False, True])
@in_virtual_time
async def test_a_graceful_end_clears_it_and_what_rests_stays_or_goes_as_chosen(
    cancels: bool,
) -> None:
    world = await watched()
    await world.engine.stop(cancel_orders=cancels)
    assert venue(world).fires_at is None
    assert len(await world.venue.open_orders()) == (0 if cancels else 2)


@in_virtual_time
async def test_a_lost_answer_at_the_end_is_asked_for_again() -> None:
    world = await watched()
    venue(world).switch_answer = Unknown("timed out")

    async def answers_soon() -> None:
        await world.clock.sleep(1.0)
        venue(world).switch_answer = None

    soon = asyncio.ensure_future(answers_soon())
    await world.engine.stop()
    await soon
    assert venue(world).fires_at is None
    assert asked(world).count(None) >= 2


@in_virtual_time
async def test_after_a_kill_it_runs_out_unless_the_next_life_sets_it() -> None:
    world = await watched()
    before = venue(world).fires_at
    again = await world.reborn()
    assert before is not None
    assert again.journal.fact(switch_fact("sim")) == "set"
    await again.start(ETH="100")
    await again.wait(6)
    assert asked(again) == [SILENCE_S]


@in_virtual_time
async def test_what_an_earlier_life_has_set_is_cleared_when_the_config_wants_it_no_more() -> None:
    world = await watched()
    again = await world.reborn(settings={})
    await again.start(ETH="100")
    await again.wait(300)
    assert asked(again) == [None]
    assert again.journal.fact(switch_fact("sim")) is None


@in_virtual_time
async def test_an_engine_that_failed_lets_it_run_out() -> None:
    world = await watched()
    world.engine.emergency.engine_broken(RuntimeError("parted"))
    count = len(asked(world))
    await world.wait(SILENCE_S + 10)
    await world.engine.stop()
    assert len(asked(world)) == count
