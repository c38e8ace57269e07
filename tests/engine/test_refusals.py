"""Orders that are refused: rests, counts, and one word to the operator."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from nimbus_tui.control.commands import ResumeBot
from nimbus_tui.core.order import (
    DesiredOrder,
    OrderReport,
    OrderRequest,
    OrderResponse,
    OrderState,
    RefusalKind,
    Refused,
    Side,
    Unknown,
)
from nimbus_tui.core.plan import Plan, View, Wake
from nimbus_tui.engine.facts import OrderReported
from nimbus_tui.risk.limits import RiskLimits
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import World


async def test_f27_the_same_refusal_with_other_numbers_in_its_words_pauses_the_bot() -> None:
    world = CrashWorld()
    count = 0

    def poor(request: OrderRequest) -> Refused | None:
        nonlocal count
        count += 1
        words = f"needs 100 USDC, {count} are free"
        return (
            Refused(RefusalKind.INSUFFICIENT_BALANCE, words) if request.side is Side.BUY else None
        )

    world.exchange.refuse = poor
    await world.start("2400")
    await world.tick(*["2400"] * 40)
    assert world.bot.standing.is_paused
    assert "5 times in a row" in world.bot.standing.risk_reason
    tries = [request for request in world.exchange.placed if request.side is Side.BUY]
    assert len(tries) == 15
    await world.tick(*["2400"] * 40)
    assert len([r for r in world.exchange.placed if r.side is Side.BUY]) == 15
    world.exchange.refuse = lambda request: None
    await world.engine.execute(ResumeBot("grid"))
    await world.tick("2400")
    assert len(world.resting()) == 6


async def test_a_lost_race_of_post_only_is_tried_at_the_next_price_and_never_counted() -> None:
    world = CrashWorld()
    race = Refused(RefusalKind.POST_ONLY_WOULD_CROSS, "it would take")
    world.exchange.refuse = lambda request: race if request.side is Side.BUY else None
    await world.start("2400")
    await world.tick(*["2400"] * 10)
    tries = len(world.exchange.placed)
    await world.tick(*["2400.01", "2400.02"] * 5)
    assert len(world.exchange.placed) - tries == 30
    assert not world.bot.standing.is_paused


async def test_refusals_of_orders_that_nobody_wishes_any_more_are_forgotten() -> None:
    world = CrashWorld()
    world.exchange.refuse = lambda request: Refused(RefusalKind.BUSY, "not now")
    await world.start("2400")
    for base in range(2500, 4000, 100):
        await world.tick(str(base))
    assert len(world.bot.keeper.refusals.waiting()) <= 6


async def test_an_objection_is_told_once_however_often_its_numbers_change() -> None:
    world = await World().start("2400")
    dear = DesiredOrder(
        key="dear",
        symbol=world.instrument.symbol,
        side=Side.BUY,
        price=Decimal(3000),
        quantity=Decimal("0.05"),
    )

    def plan(view: View) -> Plan:
        price = view.prices[world.instrument.symbol]
        return Plan((dear,), Wake({world.instrument.symbol: (price, price)}))

    world.strategy.plan = plan  # type: ignore[method-assign]
    await world.tick("2437", "2438", "2439", "2440", "2441")
    told = [event.message for event in world.engine.journal.events(types=["warning"])]
    assert told == [
        "dear is held back: price 3000 is 23.1 % worse than the mark 2437, the collar is 10 %"
    ]


BUSY = Refused(RefusalKind.BUSY, "too many requests")


async def test_a_busy_venue_is_asked_less_and_less_often_and_never_pauses_the_bot() -> None:
    world = CrashWorld()
    world.exchange.refuse = lambda request: BUSY if request.side is Side.BUY else None
    await world.start("2400")
    await world.tick(*["2400"] * 600)
    tries = Counter(request.price for request in world.exchange.placed if request.side is Side.BUY)
    assert set(tries.values()) == {15}, "after 0, 1, 3, 7, 15, 31, 63 s, then once a minute"
    assert not world.bot.standing.is_paused
    assert world.bot.keeper.refusals.worst() == (0, "")
    assert len(world.resting()) == 3
    rejected = world.engine.journal.events(types=["orderRejected"])
    assert {event.passing for event in rejected} == {True}
    world.exchange.refuse = lambda request: None
    await world.tick(*["2400"] * 61)
    assert len(world.resting()) == 6


def reported_first(
    world: CrashWorld, answer: OrderResponse
) -> Callable[[OrderRequest], OrderResponse | None]:
    """Buys are refused; the report of it overtakes the answer."""

    def refused(request: OrderRequest) -> OrderResponse | None:
        if request.side is Side.SELL:
            return None
        report = OrderReport(
            client_order_id=request.client_order_id,
            exchange_order_id=None,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            price=request.price,
            quantity=request.quantity,
            filled=Decimal(0),
            state=OrderState.REJECTED,
            ts=1,
            reason="not now",
        )
        world.engine.inbox.put(OrderReported(world.exchange.name, report))
        world.engine.process()
        return answer

    return refused


BOUGHT_TRIES = {
    RefusalKind.INSUFFICIENT_BALANCE: 15,
    RefusalKind.BUSY: 18,
    RefusalKind.POST_ONLY_WOULD_CROSS: 3,
}
"""Of three buys within 40 s at one price: to the pause, by back-off, once."""


@pytest.mark.parametrize("kind", BOUGHT_TRIES)
async def test_a_refusal_that_is_reported_before_it_is_answered_waits_and_counts_all_the_same(
    kind: RefusalKind,
) -> None:
    world = CrashWorld(limits=RiskLimits(repeat_refusals=5))
    world.exchange.refuse = reported_first(world, Refused(kind, "not now"))
    await world.start("2400")
    await world.tick(*["2400"] * 40)
    pauses = kind is RefusalKind.INSUFFICIENT_BALANCE
    assert world.bot.standing.is_paused is pauses
    tries = [request for request in world.exchange.placed if request.side is Side.BUY]
    assert len(tries) == BOUGHT_TRIES[kind]


async def test_a_refusal_that_is_reported_and_whose_answer_is_lost_is_tried_ever_more_rarely() -> (
    None
):
    world = CrashWorld(limits=RiskLimits(repeat_refusals=1))
    world.exchange.refuse = reported_first(world, Unknown("timed out"))  # type: ignore[assignment]
    await world.start("2400")
    await world.tick(*["2400"] * 40)
    tries = [request for request in world.exchange.placed if request.side is Side.BUY]
    assert len(tries) == 18
    assert not world.bot.standing.is_paused
