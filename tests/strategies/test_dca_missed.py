"""What becomes of DCA slots that fall due while the bot can't act, and of edits and stops."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import PauseBot, ResumeBot, StartBot, StopBot
from nimbus_tui.core.market import Tick
from tests.simulation.dca_worlds import DAY, HOUR, MINUTE, NINE, SECOND, DcaWorld


@pytest.mark.parametrize(
    ("policy", "bought"),
    [("skip", []), ("buy_once", ["24"]), ("catch_up", ["23", "24"])],
)
@pytest.mark.parametrize("how", ["down", "paused", "stopped"])
async def test_what_falls_due_while_it_cannot_act_follows_the_policy(
    how: str, policy: str, bought: list[str]
) -> None:
    start = "2026-11-22T09:00:00Z"
    world = DcaWorld(missed=policy, max_orders=9, start_at=start)
    await world.start("40000", "40000")
    back = NINE + 2 * DAY + HOUR
    if how == "down":
        await world.restarted(back, price="39000")
    else:
        await world.command(PauseBot("dca") if how == "paused" else StopBot("dca"))
        await world.tick_at(back, "39000")
        assert len(world.fills()) == 1
        await world.command(ResumeBot("dca") if how == "paused" else StartBot("dca"))
    await world.tick(*["39000"] * 4)
    await world.tick_at(NINE + 3 * DAY, "38000")
    await world.tick("38000")
    expected = ["22", *bought, "25"]
    assert [key for key, _ in world.bought()] == [f"2026-11-{day}T09:00Z" for day in expected]
    assert world.state.tally.missed == 2 - len(bought)
    states = dict(world.rows())
    for day in {"23", "24"} - set(bought):
        assert states[f"2026-11-{day}T09:00Z"] == "missed"


async def test_a_missed_slot_shows_why() -> None:
    world = await DcaWorld(missed="skip").start("40000", "40000")
    await world.command(PauseBot("dca"))
    await world.tick_at(NINE + DAY + HOUR, "40000")
    row = world.strategy.get_state().rows[1]
    assert (row.state.value, row.note) == ("missed", "it fell due while the bot was paused")


async def test_the_slot_that_a_pause_holds_back_shows_that_it_will_be_made_up_for() -> None:
    world = await DcaWorld().start("40000", "40000")
    await world.command(PauseBot("dca"))
    await world.tick_at(NINE + DAY + HOUR, "40000")
    row = world.strategy.get_state().rows[1]
    assert row.note == "made up for as soon as the bot may trade"
    await world.command(ResumeBot("dca"))
    await world.tick("40000")
    row = world.strategy.get_state().rows[1]
    assert (row.state.value, row.note) == ("done", "made up for")


async def test_a_pause_between_two_slots_misses_nothing() -> None:
    world = await DcaWorld(missed="skip").start("40000", "40000")
    await world.command(PauseBot("dca"))
    await world.tick_at(NINE + HOUR, "40000")
    await world.command(ResumeBot("dca"))
    await world.tick_at(NINE + DAY, "40000")
    assert len(world.fills()) == 2


async def test_slots_before_the_first_start_are_none_of_the_bots() -> None:
    world = DcaWorld(missed="catch_up", start_at="2026-11-01T10:00:00Z", max_orders=99)
    await world.start("40000", "40000")
    assert world.fills() == []
    await world.tick_at(NINE + HOUR, "40000")
    assert world.bought() == [("2026-11-22T10:00Z", "40000")]
    assert world.state.tally.missed == 0


async def test_without_a_start_at_a_start_after_a_stop_counts_anew_and_keeps_the_sums() -> None:
    world = await DcaWorld(missed="catch_up", max_orders=9).start("40000", "40000")
    await world.command(StopBot("dca"))
    await world.tick_at(NINE + 2 * DAY + HOUR + 30 * SECOND, "39000")
    await world.command(StartBot("dca"))
    await world.tick("39000")
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:00Z", "2026-11-24T10:00:30Z"]
    assert world.rows()[:5] == [
        ("2026-11-22T09:00Z", "done"),
        ("2026-11-23T09:00Z", "missed"),
        ("2026-11-24T09:00Z", "missed"),
        ("2026-11-24T10:00:30Z", "done"),
        ("2026-11-25T10:00:30Z", "next"),
    ]
    assert (world.state.tally.orders, world.state.tally.missed) == (2, 2)


async def test_started_again_within_the_same_second_no_slot_is_bought_twice() -> None:
    world = await DcaWorld().start("40000")
    await world.tick_at(NINE + 1, "40000")
    await world.command(StopBot("dca"))
    await world.command(StartBot("dca"))
    await world.tick("40000", "40000")
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:00Z"]


async def test_after_an_edit_only_later_due_times_count() -> None:
    world = await DcaWorld(max_orders=9).start("40000", "40000")
    await world.restarted(
        NINE + HOUR, price="40000", interval="12h", start_at="2026-11-21T21:00:00Z"
    )
    await world.tick("40000", "40000")
    assert len(world.fills()) == 1
    await world.tick_at(NINE + 12 * HOUR, "40000")
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:00Z", "2026-11-22T21:00Z"]


async def test_what_an_edit_puts_into_the_past_is_missed_not_on_time() -> None:
    world = await DcaWorld(missed="skip", max_orders=99).start("40000", "40000")
    await world.tick_at(NINE + 6 * HOUR + MINUTE, "40000")
    await world.restarted(price="40000", interval="1h")
    await world.tick("40000", "40000")
    assert len(world.fills()) == 1
    assert world.state.tally.missed == 6


async def test_the_default_start_is_kept_over_a_restart() -> None:
    world = await DcaWorld(missed="skip").start("40000", "40000")
    await world.restarted(NINE + 5 * HOUR, price="40000")
    assert world.strategy.get_state().next_due == NINE + DAY


async def test_an_order_that_the_engine_did_not_see_fill_counts_when_it_is_back() -> None:
    world = await DcaWorld().start("40000")
    world.exchange.deliver(Tick(world.clock.now(), "BTC/USDC", Decimal(40000), Decimal(0)))
    await world.restarted(NINE + 2 * HOUR, price="40000")
    await world.tick("40000")
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:00Z"]
    assert world.state.tally.orders == 1


async def test_a_slot_held_back_by_a_pause_is_caught_up_after_an_edit_to_that() -> None:
    world = await DcaWorld(max_orders=9).start("40000", "40000")
    await world.command(PauseBot("dca"))
    await world.tick_at(NINE + DAY + HOUR, "40000")
    await world.restarted(NINE + 2 * DAY + HOUR, price="40000", missed="catch_up")
    await world.command(ResumeBot("dca"))
    await world.tick("40000", "40000", "40000")
    assert [key for key, _ in world.bought()] == [
        "2026-11-22T09:00Z",
        "2026-11-23T09:00Z",
        "2026-11-24T09:00Z",
    ]


async def test_a_slot_held_back_by_a_pause_is_missed_after_an_edit_to_skip() -> None:
    world = await DcaWorld(max_orders=9).start("40000", "40000")
    await world.command(PauseBot("dca"))
    await world.tick_at(NINE + DAY + HOUR, "40000")
    await world.restarted(price="40000", missed="skip")
    await world.command(ResumeBot("dca"))
    await world.tick("40000", "40000")
    assert len(world.fills()) == 1
    assert world.rows()[1] == ("2026-11-23T09:00Z", "missed")
