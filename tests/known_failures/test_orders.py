"""Answers that are lost, fills that come late, cancels that race: every order counts once."""

from collections import Counter
from decimal import Decimal
from itertools import permutations

import pytest

from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.order import CancelRequest, DesiredOrder, OrderRequest, OrderType
from nimbus_tui.core.plan import View
from nimbus_tui.simulation.faults import FaultKind
from nimbus_tui.strategies.dca import DcaStrategy
from nimbus_tui.strategies.dca_config import DcaConfig
from tests.known_failures.stories import BOT, WEAK, Story, in_virtual_time
from tests.known_failures.wisher import WisherState, Wishes, wish, wishing
from tests.simulation.worlds import instrument

GRID = 6
"""Orders of the grid of the stories."""


@in_virtual_time
async def test_f01_an_order_whose_answer_was_lost_fills_45_s_later_and_stands_alone() -> None:
    story = Story(capabilities=WEAK)
    story.fate.told[FaultKind.ANSWER_LOST] = GRID
    await story.start()
    story.line.denies = lambda _: True
    story.line.holds = lambda name: name.startswith(("fill", "report"))
    await story.tick("2400")
    await story.wait(6)
    await story.tick("2388")
    await story.wait(45)
    assert story.position == 0
    assert max(story.sent_keys().values()) == 1
    await story.deliver()
    story.line.denies = lambda _: False
    story.line.holds = lambda _: False
    assert story.position == story.truth == Decimal("0.0418")
    await story.wait(120)
    assert max(story.sent_keys().values()) == 1
    await story.ends_well()


@in_virtual_time
async def test_f01_an_order_that_reaches_the_venue_45_s_after_its_time_out_is_not_sent_again() -> (
    None
):
    story = Story(keeps_deadlines=False)
    await story.start()
    story.line.requests_late_s = 45
    await story.tick("2400")
    await story.wait(30)
    story.line.requests_late_s = 0
    assert await story.venue.open_orders() == []
    await story.wait(20)
    await story.tick("2388")
    assert story.position == story.truth == Decimal("0.0418")
    await story.wait(120)
    assert max(story.sent_keys().values()) == 1
    await story.ends_well()


@pytest.mark.parametrize("kind", [FaultKind.REQUEST_LOST, FaultKind.ANSWER_LOST])
@in_virtual_time
async def test_f02_twenty_time_outs_in_a_row_never_make_a_second_order(kind: FaultKind) -> None:
    story = await Story().start("2400")
    story.line.holds = lambda name: name.startswith("report") and " open " in name
    story.fate.told[kind] = 20
    for base in (2440, 2480, 2520, 2560, 2600):
        for step in range(10):
            await story.tick(str(base + step % 2))
            at_venue = await story.venue.open_orders()
            keys = Counter(story.audit.intents[one.client_order_id] for one in at_venue)
            assert max(keys.values(), default=0) <= 1
    assert story.fate.counts[kind] == 20
    await story.wait(120)
    await story.tick("2601", "2600")
    assert len(story.resting()) == GRID
    await story.ends_well()


QUANTITY = Decimal("0.1")


def entry_at(prices: list[str]) -> Wishes:
    """Wishes to buy 0.1 at the newest of the prices; what an order left open is its next part."""

    def wishes(view: View, state: WisherState) -> tuple[DesiredOrder, ...]:
        missing = QUANTITY - sum(state.filled.values(), Decimal(0))
        part = len(state.ended)
        key = f"entry/p{part + 1}" if part else "entry"
        done = state.filled.get(OrderKey(key), Decimal(0))
        return (wish(key, prices[-1], str(missing + done)),) if missing else ()

    return wishes


TOLD = ("answer", "open", "fill", "part", "cancel answer", "cancelled")
"""What is told of an order around its replacement."""


def _called(name: str) -> str:
    what, *more = name.split()
    if what == "report":
        states = {"open": "open", "partially_filled": "part", "filled": "part"}
        return states.get(more[1], "cancelled")
    return {"fill": "fill", "placed": "answer", "cancelled": "cancel answer"}[what]


async def replaced(known_by: str, size: str, order: tuple[str, ...]) -> None:
    """An order is replaced while it fills, and its messages arrive in the given order."""
    prices = ["2380"]
    story = Story(wishing(entry_at(prices)))
    first: dict[str, str] = {}

    def holds(name: str) -> bool:
        return first.setdefault(_called(name), name) == name and _called(name) != known_by

    await story.start()
    story.line.holds = holds
    await story.tick("2400")
    prices.append("2390")
    story.line.cannot_read = True
    story.fate.told[FaultKind.CANCEL_RACE] = 1
    await story.trade("2402")
    assert len(story.line.cancelled) == 1
    if size != "0":
        await story.trade("2380", size)
    await story.wait(2)
    for called in order:
        if first.get(called) in story.line.letters:
            await story.deliver(first[called])
        rests = sum((o.quantity - o.filled for o in await story.venue.open_orders()), Decimal(0))
        assert rests + story.truth <= QUANTITY
    assert not story.line.letters
    story.line.cannot_read = False
    await story.wait(60)
    await story.tick("2403", "2404")
    rests = sum((o.quantity - o.filled for o in await story.venue.open_orders()), Decimal(0))
    assert rests + story.truth == QUANTITY
    assert story.truth == Decimal(size)
    assert all(price == "2390" for price in story.resting().values())
    await story.ends_well()


@pytest.mark.parametrize("size", ["0", "0.03", "0.1"])
@pytest.mark.parametrize("known_by", ["answer", "open"])
def test_f08_messages_around_a_replacement_may_come_in_any_order(known_by: str, size: str) -> None:
    for order in permutations([called for called in TOLD if called != known_by]):
        in_virtual_time(replaced)(known_by, size, order)


def one_at_every_price(view: View, state: WisherState) -> tuple[DesiredOrder, ...]:
    """Flat, it wants to buy 10 under whatever the price is, each time for a reason of its own."""
    price = view.prices["ETH/USDC:USDC"]
    flat = not view.positions["ETH/USDC:USDC"]
    return (wish(f"entry/{price}", str(price - 10), "0.05"),) if flat else ()


@in_virtual_time
async def test_f09_nothing_is_added_while_an_own_fill_is_newer_than_what_the_plan_saw() -> None:
    story = await Story(wishing(one_at_every_price)).start("2400")
    story.line.holds = lambda name: name.startswith("fill")
    story.line.cannot_read = True
    await story.tick("2389", "2385", "2380", "2375", "2370")
    assert story.truth == Decimal("0.05")
    assert story.position == 0
    assert story.sent_keys() == {"entry/2400": 1}
    story.line.cannot_read = False
    await story.deliver()
    await story.tick("2371", "2365")
    assert story.sent_keys() == {"entry/2400": 1}
    await story.ends_well()


def the_same_again(view: View, state: WisherState) -> tuple[DesiredOrder, ...]:
    """It never learns that its order has ended."""
    return (wish("slot/1", "2390", "0.1"),)


def _cancel_of(order: OrderRequest) -> CancelRequest:
    return CancelRequest(client_order_id=order.client_order_id, symbol=order.symbol)


@pytest.mark.parametrize("fill_first", [True, False])
@in_virtual_time
async def test_f10_an_order_that_ended_with_a_part_filled_has_spent_its_key(
    fill_first: bool,
) -> None:
    story = await Story(wishing(the_same_again)).start("2400")
    story.line.holds = lambda name: name.startswith("fill") and not fill_first
    await story.tick("2390", size="0.04")
    order = story.sent[0]
    await story.venue.cancel_order(_cancel_of(order))
    await story.tick("2391")
    await story.deliver()
    await story.tick("2392", "2390", "2393")
    await story.kill()
    await story.start("2394", "2395")
    assert story.sent == [order]
    assert story.position == story.truth == Decimal("0.04")
    assert story.audit.violation is None


@in_virtual_time
async def test_f10_a_slot_that_was_cancelled_in_part_buys_the_rest_and_no_more() -> None:
    traded = instrument("ETH/USDC")
    config = DcaConfig(
        symbol=traded.symbol,
        order_quote=Decimal(240),
        interval="24h",
        max_orders=1,
        order_type=OrderType.LIMIT,
    )
    story = Story(lambda _: DcaStrategy(BOT, config, {traded.symbol: traded}), traded=traded)
    await story.start("2400")
    await story.tick("2400", size="0.03")
    order = story.sent[0]
    await story.venue.cancel_order(_cancel_of(order))
    await story.tick("2401", "2402")
    assert [request.quantity for request in story.sent] == [Decimal("0.1"), Decimal("0.07")]
    await story.tick("2399")
    assert story.position == story.truth == Decimal("0.1")
    await story.wait(3600)
    await story.tick("2390", "2300")
    assert len(story.sent) == 2
    await story.ends_well()
