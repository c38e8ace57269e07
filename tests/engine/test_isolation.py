"""A strategy that raises harms its own bot alone, and what it owes is made up for."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.commands import PauseBot, Rearm, Result, ResumeBot, StartBot, StopBot
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.order import OrderType
from nimbus_tui.core.plan import Plan, Wake
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.strategies.answers import sound_plan
from tests.engine.isolation import giving, order
from tests.engine.neighbours import BTC, TO_AND_FRO, OddConfig, OddState, Street
from tests.simulation.worlds import instrument

Grid = list[tuple[str | None, Decimal, Decimal, int]]


def raising(error: BaseException) -> Callable[[], Any]:
    def fault() -> Any:
        raise error

    return fault


class Unspeakable(Exception):
    """An exception that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.fixture
async def undisturbed() -> Grid:
    """What the grid does when it lives alone."""
    street = await Street(odd=False).live()
    fills = street.fills_of("grid")
    assert len(fills) > 10
    return fills


TRADING_CALLS = (
    "plan",
    "handle_order_fill",
    "handle_price_update",
    "initialize",
    "start",
    "required_capital",
    "wanted_claim",
    "take_events",
    "take_cycles",
    "saved_state",
)

LOOKS = ("look", "get_state", "get_statistics")

ERRORS: dict[str, BaseException] = {
    "a plain error": ZeroDivisionError("nothing to divide by"),
    "one without readable text": Unspeakable(),
    "one with half a character": ValueError("\udc80"),
    "a deep recursion": RecursionError("too deep"),
    "an exit": SystemExit(1),
}


@pytest.mark.parametrize("call", TRADING_CALLS)
async def test_a_call_that_raises_stops_its_own_bot_and_the_neighbour_trades_on(
    call: str, undisturbed: Grid
) -> None:
    street = Street()
    street.odd.faults = {call: raising(ZeroDivisionError("odd"))}
    await street.live()
    assert street.fills_of("grid") == undisturbed
    errors = street.errors()
    assert {event.bot_id for event in errors} == {"odd"}
    assert errors[0].message == "ZeroDivisionError: odd"
    assert "Traceback" in errors[0].detail
    assert street.bot.standing.state in (BotState.FAILED, BotState.INITIALIZING, BotState.RUNNING)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_whatever_it_raises_is_told_in_words(error: BaseException, undisturbed: Grid) -> None:
    street = Street()
    street.odd.faults = {"plan": raising(error)}
    await street.live()
    assert street.fills_of("grid") == undisturbed
    assert street.errors()[0].message.startswith(type(error).__name__)


@pytest.mark.parametrize("call", LOOKS)
async def test_a_look_that_raises_stops_nobody_and_is_told_on_the_row(
    call: str, undisturbed: Grid
) -> None:
    street = Street()
    street.odd.faults = {call: raising(ZeroDivisionError("odd"))}
    await street.live()
    assert street.fills_of("grid") == undisturbed
    assert len(street.fills_of("odd")) == 2
    assert street.errors() == []
    _, rows = await street.client.snapshot()
    reasons = {row.bot_id: row.reason for row in rows}
    assert "can't be shown: ZeroDivisionError: odd" in reasons["odd"]
    assert reasons["grid"] == ""
    street.odd.faults = {}
    await street.client.updates(0, focus="odd")
    _, rows = await street.client.snapshot()
    assert {row.reason for row in rows} == {""}


async def test_looking_changes_no_state() -> None:
    street = Street()
    street.odd.faults = {
        "look": lambda: street.odd.change(bought=88),
        "get_state": lambda: street.odd.change(bought=99),
        "get_statistics": lambda: street.odd.change(bought=77),
    }
    await street.live(["2400", "2401"])
    assert street.odd.state.bought == 0


async def test_a_fill_that_it_chokes_on_is_given_again_until_it_is_absorbed_once() -> None:
    street = await Street().live(["2400"])
    street.odd.faults = {"handle_order_fill": raising(ValueError("choked"))}
    await street.go_on(["2388"])
    assert len(street.fills_of("odd")) == 1
    assert street.odd.state.bought == 0
    street.odd.faults = {}
    await street.go_on(["2389", "2389", "2389"])
    assert street.odd.state.bought == 1
    assert street.bot.saved.absorbed == street.bot.books.fills == 1
    assert list(street.bot.keeper.live) == ["odd/1"]


async def test_of_two_fills_in_one_turn_the_good_one_is_kept_and_the_bad_one_given_again() -> None:
    both = Plan((order(key="odd/a"), order(key="odd/b", price=Decimal(1985))))
    street = Street()
    street.odd.faults = {"plan": giving(both)}
    await street.live(["2400"])
    errors = iter([None, ValueError("the second")])

    def second_raises() -> None:
        error = next(errors, None)
        if error is not None:
            raise error

    street.odd.faults |= {"handle_order_fill": second_raises}
    await street.go_on(["2380"])
    assert [e.message for e in street.errors()] == ["ValueError: the second"]
    assert len(street.fills_of("odd")) == 2
    assert street.odd.state.bought == street.bot.saved.absorbed == 1
    street.odd.faults = {}
    await street.go_on(["2400", "2400", "2400"])
    assert street.odd.state.bought == street.bot.saved.absorbed == 2
    saved = street.journal.bots()
    (record,) = [r for r in saved if r.bot_id == "odd"]
    assert record.strategy_state is not None
    assert msgspec.json.decode(record.strategy_state, type=OddState) == street.odd.state


async def test_a_state_that_it_cannot_take_up_is_not_overwritten() -> None:
    journal, store = SqliteJournal.open(":memory:"), PaperStore(":memory:")
    first = await Street(journal=journal, store=store).live(["2400", "2388", "2376"])
    bought = first.odd.state.bought
    assert bought >= 2
    again = Street(journal=journal, store=store, start_ns=first.clock.now(), max_restarts=1)
    again.odd.faults = {"initialize": raising(ValueError("from another version"))}
    await again.live(["2376"] * 6)
    assert again.bot.standing.state is BotState.FAILED
    assert "from another version" in again.bot.record.reason
    (record,) = [r for r in journal.bots() if r.bot_id == "odd"]
    assert record.strategy_state is not None
    assert msgspec.json.decode(record.strategy_state, type=OddState).bought == bought
    again.odd.faults = {}
    assert (await again.engine.execute(StartBot("odd"))).result is Result.DONE
    await again.go_on(["2377"])
    assert again.odd.state.bought == bought
    assert again.bot.standing.state is BotState.RUNNING


async def test_a_state_that_it_cannot_save_costs_no_fill() -> None:
    street = await Street().live(["2400"])
    street.odd.faults = {"saved_state": raising(ValueError("unsaved"))}
    await street.go_on(["2388"])
    street.odd.faults = {}
    await street.go_on(["2389", "2389", "2389"])
    assert street.odd.state.bought == street.bot.books.fills == 1


async def test_a_changed_config_is_told_with_the_old_one_beside_it() -> None:
    journal, store = SqliteJournal.open(":memory:"), PaperStore(":memory:")
    first = await Street(journal=journal, store=store).live(["2400"])
    again = Street(
        journal=journal,
        store=store,
        start_ns=first.clock.now(),
        config=OddConfig(size=Decimal("0.02")),
    )
    await again.live(["2400"])
    assert again.odd.state.configs == ("0.01>0.02",)
    assert again.odd.config.size == Decimal("0.02")


async def test_a_config_change_that_it_chokes_on_is_adopted_all_the_same() -> None:
    journal, store = SqliteJournal.open(":memory:"), PaperStore(":memory:")
    first = await Street(journal=journal, store=store).live(["2400"])
    again = Street(
        journal=journal,
        store=store,
        start_ns=first.clock.now(),
        config=OddConfig(size=Decimal("0.02")),
    )
    again.odd.faults = {"update_config": raising(ValueError("unwilling"))}
    await again.live(["2400"] * 4)
    assert [e.message for e in again.errors()] == ["ValueError: unwilling"]
    assert {o.quantity for o in again.bot.keeper.live.values()} == {Decimal("0.02")}


async def test_a_stop_that_raises_stops_all_the_same() -> None:
    street = await Street().live(["2400"])
    street.odd.faults = {"stop": raising(ValueError("unwilling"))}
    outcome = await street.engine.execute(StopBot("odd"))
    assert outcome.result is Result.DONE
    await street.go_on(["2400"])
    assert street.bot.standing.state is BotState.STOPPED
    assert list(street.bot.keeper.live) == []
    assert [e.message for e in street.errors()] == ["ValueError: unwilling"]


async def test_a_start_that_raises_is_owed_until_it_succeeds() -> None:
    street = await Street().live(["2400"])
    await street.engine.execute(StopBot("odd"))
    street.odd.faults = {"start": raising(ValueError("not yet"))}
    assert (await street.engine.execute(StartBot("odd"))).result is Result.DONE
    assert street.bot.is_frozen
    assert street.odd.state.starts == 1
    street.odd.faults = {}
    await street.go_on(["2401", "2402"])
    assert street.odd.state.starts == 2
    assert street.bot.standing.state is BotState.RUNNING
    assert len(street.bot.keeper.live) == 1


async def test_one_that_raises_too_often_fails_and_can_be_started_again() -> None:
    street = Street(max_restarts=2)
    street.odd.faults = {"plan": raising(ValueError("always")), "stop": raising(ValueError("no"))}
    await street.live(TO_AND_FRO[:12])
    assert street.bot.standing.state is BotState.FAILED
    assert street.bot.record.reason == "raised 3 times: ValueError: always"
    street.odd.faults = {}
    await street.engine.execute(StartBot("odd"))
    await street.go_on(["2400"])
    assert street.bot.standing.state is BotState.RUNNING
    assert len(street.bot.keeper.live) == 1


async def test_one_that_never_learns_what_it_needs_fails_without_a_flood_of_errors() -> None:
    street = Street(max_restarts=2)
    street.odd.faults = {"required_capital": raising(ValueError("who knows"))}
    await street.live(TO_AND_FRO)
    assert street.bot.standing.state is BotState.FAILED
    assert len(street.errors()) == 3
    street.odd.faults = {}
    await street.engine.execute(StartBot("odd"))
    await street.go_on(["2400"])
    assert street.bot.books.capital == 100
    assert street.bot.standing.state is BotState.RUNNING


async def test_commands_and_the_emergency_reach_the_neighbour_of_one_that_raises_everywhere() -> (
    None
):
    street = await Street().live(["2400"])
    everything = (*TRADING_CALLS, *LOOKS, "stop", "handle_order_end")
    street.odd.faults = {call: raising(ValueError(call)) for call in everything}
    await street.go_on(["2388", "2400"])
    for command in (PauseBot("grid"), ResumeBot("grid"), PauseBot("odd"), ResumeBot("odd")):
        assert (await street.engine.execute(command)).result is Result.DONE
    street.engine.emergency.trip("test")
    for _ in range(10):
        await street.go_on(["2400"])
    assert street.engine.emergency.progress.startswith("verified")
    assert list(street.bot.keeper.live) == []
    assert list(street.engine.bots["grid"].keeper.live) == []
    assert (await street.engine.execute(Rearm())).result is Result.DONE
    await street.engine.stop()
    assert street.engine.state == "stopped"


async def test_a_spent_key_is_refused_and_keeps_no_other_order_back() -> None:
    street = await Street().live(["2400", "2388"])
    (spent,) = [key for key, *_ in street.fills_of("odd")]
    again = Plan((order(key=spent), order(key="odd/new", price=Decimal(1900))))
    street.odd.faults = {"plan": giving(again)}
    await street.go_on(["2392"])
    assert "that key is spent" in street.bot.standing.risk_reason
    placed = [e.key for e in street.journal.events(types=["orderPlaced"]) if e.bot_id == "odd"]
    assert placed.count("odd/new") == 1
    assert list(street.bot.keeper.live) == []


async def test_a_wake_time_that_has_come_does_not_spin_the_engine() -> None:
    street = Street()
    asked: list[int] = []

    def at_once() -> Plan:
        asked.append(street.clock.now())
        return Plan((), Wake(at=0))

    street.odd.faults = {"plan": at_once}
    await street.live(["2400"])
    assert len(asked) == len(set(asked))


async def test_it_cannot_change_what_the_engine_knows_of_its_instruments() -> None:
    street = await Street().live(["2400"])
    assert isinstance(street.bot.instruments, dict)
    before = dict(street.bot.instruments)
    with pytest.raises((TypeError, AttributeError)):
        street.odd.instruments.clear()  # type: ignore[attr-defined]
    assert street.bot.instruments == before


def test_the_orders_that_are_well_are_taken_as_they_are() -> None:
    plan = Plan(
        (order(), order(key="m", price=None, type=OrderType.MARKET)),
        Wake({BTC: (None, Decimal(3))}, at=5),
    )
    assert sound_plan(plan, {BTC: instrument(BTC)}, 4) is plan
