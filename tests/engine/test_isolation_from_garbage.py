"""A strategy that answers garbage stops its own bot at most."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.core.events import Info, OrderFilled
from nimbus_tui.core.order import OrderType
from nimbus_tui.core.panels import LadderPanel
from nimbus_tui.core.plan import Plan, Wake
from tests.engine.isolation import giving, order, row
from tests.engine.neighbours import BTC, ETH, TO_AND_FRO, Street

GARBAGE_PLANS: dict[str, object] = {
    "a number": 7,
    "a list": [],
    "orders in a list": Plan([order()]),  # type: ignore[arg-type]
    "an order that is text": Plan(("buy",)),  # type: ignore[arg-type]
    "a key that is empty": Plan((order(key=""),)),
    "a key that is None": Plan((order(key=None),)),
    "a key with half a character": Plan((order(key="\udc80"),)),
    "a key of the engine": Plan((order(key="close/1"),)),
    "another bot's symbol": Plan((order(symbol=ETH),)),
    "a symbol that nobody knows": Plan((order(symbol="X/Y"),)),
    "a symbol that is a list": Plan((order(symbol=["BTC"]),)),
    "a side that is text": Plan((order(side="buy"),)),
    "a type that is text": Plan((order(type="limit"),)),
    "a flag that is text": Plan((order(post_only="no"),)),
    "a price that is a float": Plan((order(price=1990.5),)),
    "a price that is no number": Plan((order(price=Decimal("NaN")),)),
    "a price without end": Plan((order(price=Decimal("Infinity")),)),
    "a price beyond reckoning": Plan((order(price=Decimal("1e40")),)),
    "a price of zero": Plan((order(price=Decimal(0)),)),
    "a limit order without a price": Plan((order(price=None),)),
    "a market order with a price": Plan((order(type=OrderType.MARKET),)),
    "two orders under one key": Plan((order(), order(price=Decimal(1980)))),
    "a quantity that is text": Plan((order(quantity="1"),)),
    "a quantity beyond reckoning": Plan((order(quantity=Decimal("1e40")),)),
    "a trigger that is a float": Plan((order(trigger_price=1.5),)),
    "a wake that is None": Plan((), None),  # type: ignore[arg-type]
    "bands in a list": Plan((), Wake([])),  # type: ignore[arg-type]
    "a band of another bot": Plan((), Wake({ETH: (None, None)})),
    "a band of one edge": Plan((), Wake({BTC: (Decimal(1),)})),  # type: ignore[dict-item]
    "a band of floats": Plan((), Wake({BTC: (1.0, 2.0)})),  # type: ignore[dict-item]
    "a band without end": Plan((), Wake({BTC: (None, Decimal("Infinity"))})),
    "a time that is a float": Plan((), Wake(at=1.5)),  # type: ignore[arg-type]
    "a settled that is a number": Plan((), Wake(settled=1)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("answer", GARBAGE_PLANS.values(), ids=GARBAGE_PLANS)
async def test_a_plan_that_is_none_stops_its_own_bot(answer: object) -> None:
    street = Street()
    street.odd.faults = {"plan": giving(answer)}
    await street.live(TO_AND_FRO[:6])
    assert len(street.fills_of("grid")) >= 2
    assert street.fills_of("odd") == []
    assert {event.bot_id for event in street.errors()} == {"odd"}
    assert street.engine.state == "running"


async def test_no_plan_at_all_keeps_the_last_one() -> None:
    street = await Street().live(["2400"])
    street.odd.faults = {"plan": giving(())}
    assert list(street.bot.keeper.live) == ["odd/0"]
    await street.go_on(["2402", "2405"])
    assert street.bot.is_frozen
    assert list(street.bot.keeper.live) == ["odd/0"]


GARBAGE: dict[str, tuple[str, object]] = {
    "a capital that is a float": ("required_capital", 1.5),
    "a capital below zero": ("required_capital", Decimal(-1)),
    "a capital that is no number": ("required_capital", Decimal("NaN")),
    "a claim that is text": ("wanted_claim", "all"),
    "a claim on another's coins": ("wanted_claim", {ETH: Decimal(1)}),
    "a claim that is a float": ("wanted_claim", {BTC: 1.0}),
    "a claim below zero": ("wanted_claim", {BTC: Decimal(-1)}),
    "a state that is text": ("saved_state", "bought"),
    "an event that is text": ("take_events", ["hello"]),
    "an event that isn't its own to tell": (
        "take_events",
        [OrderFilled(fill=None, position=Decimal(0))],  # type: ignore[arg-type]
    ),
    "an event with half a character": ("take_events", [Info(message="\udc80")]),
    "an event with a wrong field": ("take_events", [Info(message=3)]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("call", "answer"), GARBAGE.values(), ids=GARBAGE)
async def test_garbage_from_any_other_call_stops_its_own_bot(call: str, answer: object) -> None:
    street = Street()
    street.odd.faults = {call: giving(answer)}
    await street.live(TO_AND_FRO[:6])
    assert len(street.fills_of("grid")) >= 2
    assert {event.bot_id for event in street.errors()} == {"odd"}
    assert street.errors()[0].message.startswith("UnsoundAnswer: ")


GARBAGE_SHOWN: dict[str, tuple[str, object]] = {
    "a panel that is text": ("get_state", "fine"),
    "rows that are text": ("get_state", LadderPanel(rows=("a",))),  # type: ignore[arg-type]
    "a level that is text": ("get_state", LadderPanel(rows=(row(level="a"),))),
    "a price without end": ("get_state", LadderPanel(rows=(row(price=Decimal("Infinity")),))),
    "a price that is no number": ("get_state", LadderPanel(base=Decimal("NaN"))),
    "a price of a million digits": ("get_state", LadderPanel(base=Decimal("1e1000000"))),
    "a note with half a character": ("get_state", LadderPanel(note="\udc80")),
    "statistics that are a list": ("get_statistics", [1]),
    "a name that is a number": ("get_statistics", {1: 1}),
}


@pytest.mark.parametrize(("call", "answer"), GARBAGE_SHOWN.values(), ids=GARBAGE_SHOWN)
async def test_garbage_that_is_only_shown_stops_nobody(call: str, answer: object) -> None:
    street = Street()
    street.odd.faults = {call: giving(answer)}
    await street.live(["2400", "2388", "2400"])
    assert street.errors() == []
    assert len(street.fills_of("odd")) > 0
    update = await street.client.updates(0, focus="odd")
    assert msgspec.json.decode(msgspec.json.encode(update), type=type(update))
    (shown,) = [bot for bot in update.bots if bot.bot_id == "odd"]
    assert "can't be shown" in shown.reason or call == "get_state"
    _, rows = await street.client.snapshot()
    assert "can't be shown: UnsoundAnswer" in {r.bot_id: r.reason for r in rows}["odd"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (Decimal("1.50"), "1.50"),
        (float("nan"), None),
        (object(), None),
        (Decimal("1e1000000"), None),
        (2**70, None),
        (b"bytes", None),
        ("ha\udc80lf", "ha?lf"),
        (3, 3),
        (None, None),
    ],
)
async def test_a_figure_that_can_be_shown_is(given: object, shown: object) -> None:
    street = Street()
    street.odd.faults = {"get_statistics": giving({"figure": given})}
    await street.live(["2400"])
    _, rows = await street.client.snapshot()
    assert {r.bot_id: r.statistics for r in rows}["odd"]["figure"] == shown


@pytest.mark.parametrize(
    ("answer", "count"), [("many", 0), (1.5, 1), (None, 0), (Decimal(3), 3), ([1], 0), (4, 4)]
)
async def test_round_trips_that_are_no_count_are_none(answer: object, count: int) -> None:
    street = Street()
    street.odd.faults = {"get_statistics": giving({"round_trips": answer})}
    await street.live(["2400"])
    _, rows = await street.client.snapshot()
    assert {r.bot_id: r.round_trips for r in rows}["odd"] == count
