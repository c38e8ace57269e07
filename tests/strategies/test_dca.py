"""The DCA bot through the real engine, on its own numbers: $50 a day at 09:00."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import PauseBot, ResumeBot, StartBot, StopBot
from nimbus_tui.core.market import Tick
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.risk.limits import RiskLimits
from tests.simulation.dca_worlds import DAY, HOUR, MINUTE, NINE, SECOND, DcaWorld, coin

LIMIT = {"order_type": "limit", "offset_percent": "1"}


def rounded(number: Decimal | None) -> str:
    assert number is not None
    return f"{number:,.2f}"


async def test_50_dollars_at_40000_then_41000_then_38000_is_the_table_of_the_specification() -> (
    None
):
    world = await DcaWorld().start("40000", "40000")
    for day, price in enumerate(("41000", "38000"), 1):
        await world.tick_at(NINE + day * DAY - 1, price)
        await world.tick_at(NINE + day * DAY, price)
    rows = [row for row in world.strategy.get_state().rows if row.state.value == "done"]
    assert [f"{row.quantity:.8f}" for row in rows] == ["0.00125000", "0.00121951", "0.00131578"]
    assert [f"{row.invested:.0f}" for row in rows] == ["50", "100", "150"]
    assert [rounded(row.mean_price) for row in rows] == ["40,000.00", "40,500.00", "39,666.67"]
    assert [rounded(row.average_cost) for row in rows] == ["40,000.00", "40,493.83", "39,626.96"]
    assert f"{world.state.tally.invested:.5f}" == "149.99955"
    assert [key for key, _ in world.bought()] == [
        "2026-11-22T09:00Z",
        "2026-11-23T09:00Z",
        "2026-11-24T09:00Z",
    ]


async def test_the_first_slot_is_due_at_the_first_start_and_the_next_an_interval_later() -> None:
    world = await DcaWorld().start("40000")
    assert world.rows() == [
        ("2026-11-22T09:00Z", "open"),
        ("2026-11-23T09:00Z", "next"),
        ("2026-11-24T09:00Z", "later"),
    ]
    await world.tick("40000")
    assert world.rows()[0] == ("2026-11-22T09:00Z", "done")
    assert world.strategy.get_state().next_due == NINE + DAY


async def test_an_order_is_sized_at_the_price_of_its_due_time_and_fills_at_the_next() -> None:
    world = await DcaWorld().start("40000", "41000")
    (fill,) = world.fills()
    assert (fill.quantity, fill.price) == (Decimal("0.00125"), Decimal(41000))
    assert world.state.tally.invested == Decimal("51.25")


async def test_every_done_slot_is_announced_once_with_its_sums() -> None:
    world = await DcaWorld().start("40000", "40000")
    await world.restarted(price="40000")
    await world.tick("40000")
    (event,) = world.events("dcaOrderExecuted")
    assert (event.key, event.quantity, event.invested, event.average_cost) == (
        "dca/2026-11-22T09:00Z",
        Decimal("0.00125"),
        Decimal(50),
        Decimal(40000),
    )


async def test_after_max_orders_it_is_done_and_says_so() -> None:
    world = await DcaWorld(interval="1m", max_orders=2).start(*["40000"] * 300)
    assert len(world.fills()) == 2
    panel = world.strategy.get_state()
    assert (panel.orders, panel.next_due) == (2, None)
    assert panel.note == "done: all 2 orders are filled"
    assert world.strategy.get_statistics()["left_orders"] == 0


async def test_max_quote_cuts_the_last_order_to_fit() -> None:
    world = await DcaWorld(interval="1m", max_orders=None, max_quote="120").start(*["40000"] * 300)
    assert [fill.notional for fill in world.fills()] == [50, 50, 20]
    assert world.strategy.get_state().note == "done: 120 of 120 is traded"


async def test_the_dust_of_rounding_is_no_further_order() -> None:
    world = await DcaWorld(interval="1m", max_orders=None, max_quote="150").start(*["41000"] * 400)
    assert len(world.fills()) == 3
    assert world.state.tally.invested < 150


async def test_when_a_limit_is_raised_it_goes_on_from_then() -> None:
    world = await DcaWorld(max_orders=1).start("40000", "40000")
    later = NINE + 5 * DAY + 3 * HOUR
    await world.tick_at(later, "40000")
    await world.restarted(later + HOUR, price="40000", max_orders=2)
    await world.tick_at(NINE + 6 * DAY + HOUR, "40000")
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:00Z", "2026-11-28T09:00Z"]
    assert world.state.tally.missed == 0


# what is missed


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


# prices that it doesn't like


@pytest.mark.parametrize(
    ("limits", "price", "reason"),
    [
        ({"price_floor": "39000"}, "38999.9", "under price_floor 39000"),
        ({"price_ceiling": "41000"}, "41000.1", "over price_ceiling 41000"),
    ],
)
async def test_outside_its_prices_a_slot_is_skipped_and_does_not_count(
    limits: dict[str, str], price: str, reason: str
) -> None:
    world = await DcaWorld(interval="1m", max_orders=2, **limits).start(price)
    await world.tick(*["40000"] * 200)
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:01Z", "2026-11-22T09:02Z"]
    row = world.strategy.get_state().rows[0]
    assert (row.state.value, row.note) == ("skipped", f"the price {price} was {reason}")
    assert world.events("warning") == []


@pytest.mark.parametrize("price", ["39000", "41000"])
async def test_at_the_floor_and_at_the_ceiling_it_buys(price: str) -> None:
    world = await DcaWorld(price_floor="39000", price_ceiling="41000").start(price, price)
    assert len(world.fills()) == 1


@pytest.mark.parametrize(
    ("price", "size", "note"),
    [
        ("38000.1", 50, ""),
        ("38000", 75, "1.5 × the order, in a dip"),
        ("36000.1", 75, "1.5 × the order, in a dip"),
        ("36000", 100, "2 × the order, in a dip"),
    ],
)
async def test_in_a_dip_under_the_average_cost_it_buys_more(
    price: str, size: int, note: str
) -> None:
    world = DcaWorld(interval="1m", dip_scale=[["-5", "1.5"], ["-10", "2"]])
    await world.start("40000", "40000")
    await world.tick_at(NINE + MINUTE - 1, price)
    await world.tick_at(NINE + MINUTE, price)
    assert round(world.fills()[1].notional, 2) == size
    assert world.strategy.get_state().rows[1].note == note


async def test_an_order_under_the_venues_least_is_skipped_and_warned_of_once() -> None:
    # 50 ÷ 40,000 is 0.00125, a lot of 0.001 makes it 0.001, and that is 40.
    coarse = coin(lot_size=Decimal("0.001"), min_notional=Decimal(50))
    world = await DcaWorld(coarse, interval="1m").start(*["40000"] * 200)
    assert world.fills() == []
    (warning,) = world.events("warning")
    assert warning.message.startswith("dca/2026-11-22T09:00Z is skipped: an order of 50 USDC")
    assert "50 USDC and 0.001 BTC" in warning.message
    assert world.state.tally.skipped == 4


# limits


async def test_a_limit_lies_below_the_price_and_fills_as_maker() -> None:
    world = await DcaWorld(order_type="limit", offset_percent="0.5").start("40000", "39900")
    (order,) = world.resting().values()
    assert (order.price, order.quantity) == (Decimal("39800.0"), Decimal("0.00125628"))
    await world.tick("39800")
    (fill,) = world.fills()
    assert (fill.price, fill.maker) == (Decimal("39800.0"), True)


async def test_a_limit_to_sell_lies_above_the_price() -> None:
    world = await DcaWorld(
        coin("BTC/USDC:USDC"), side="sell", order_type="limit", offset_percent="0.5"
    ).start("40000")
    (order,) = world.resting().values()
    assert (order.side.value, order.price) == ("sell", Decimal("40200.0"))


async def test_an_unfilled_limit_is_skipped_when_the_next_is_due_and_does_not_count() -> None:
    world = DcaWorld(interval="1m", order_type="limit", offset_percent="1", max_orders=1)
    await world.start("40000", "40000")
    await world.tick_at(NINE + MINUTE, "40000")
    assert list(world.resting()) == ["dca/2026-11-22T09:01Z"]
    row = world.strategy.get_state().rows[0]
    assert (row.state.value, row.note) == ("skipped", "the next slot was due before it filled")
    await world.tick("39600")
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:01Z"]


async def test_an_unfilled_limit_moves_after_the_price_under_the_same_key() -> None:
    world = DcaWorld(order_type="limit", offset_percent="1", reprice_after="10m")
    await world.start("40000", "44000")
    await world.tick_at(NINE + 10 * MINUTE, "44000")
    (order,) = world.resting().values()
    assert (order.key, order.price, order.generation) == (
        "dca/2026-11-22T09:00Z",
        Decimal("43560.0"),
        1,
    )
    await world.tick_at(NINE + 15 * MINUTE, "43560")
    (fill,) = world.fills()
    assert fill.notional <= 50


async def test_a_part_filled_limit_goes_on_under_the_next_part_for_the_rest() -> None:
    world = DcaWorld(
        order_type="limit",
        offset_percent="1",
        reprice_after="10m",
        venue=PaperSettings(partial_fills=True),
    )
    await world.start("40000")
    await world.tick("39600", size="0.0005")
    await world.tick("40100")
    await world.tick_at(NINE + 10 * MINUTE, "40100")
    (order,) = world.resting().values()
    assert (order.key, order.price) == ("dca/2026-11-22T09:00Z/p2", Decimal("39699.0"))
    # 50 − 0.0005 × 39,600 is left, and that is 0.00076072 at 39,699.
    assert order.quantity == Decimal("0.00076072")
    await world.tick("39000")
    assert sum(fill.notional for fill in world.fills()) <= 50
    assert world.state.tally.orders == 1
    assert len(world.events("dcaOrderExecuted")) == 1


async def test_after_a_while_it_takes_at_market() -> None:
    world = DcaWorld(order_type="limit", offset_percent="1", fallback_after="1h")
    await world.start("40000", "40000")
    await world.tick_at(NINE + HOUR, "40010")
    (fill,) = world.fills()
    assert (fill.key, fill.price, fill.maker) == (
        "dca/2026-11-22T09:00Z",
        Decimal(40010),
        False,
    )


async def test_a_part_filled_market_order_is_completed_by_further_parts() -> None:
    world = await DcaWorld(venue=PaperSettings(partial_fills=True)).start("40000")
    await world.tick("40000", "40000", size="0.0005")
    await world.tick("40000", size="0.0005")
    assert [(f.key.split("/", 1)[1], f.quantity) for f in world.fills()] == [
        ("2026-11-22T09:00Z", Decimal("0.0005")),
        ("2026-11-22T09:00Z/p2", Decimal("0.0005")),
        ("2026-11-22T09:00Z/p3", Decimal("0.00025")),
    ]
    (row, *_) = world.strategy.get_state().rows
    assert (row.state.value, row.quantity) == ("done", Decimal("0.00125"))


async def test_a_slot_that_is_part_filled_when_the_next_is_due_counts_for_what_it_got() -> None:
    world = DcaWorld(
        interval="1m",
        order_type="limit",
        offset_percent="1",
        venue=PaperSettings(partial_fills=True),
    )
    await world.start("40000")
    await world.tick("39600", size="0.0005")
    await world.tick_at(NINE + MINUTE, "40000")
    row = world.strategy.get_state().rows[0]
    assert (row.state.value, row.quantity) == ("done", Decimal("0.0005"))
    assert row.note == "0.0005 of 0.00126262 filled: the next slot was due before it filled"
    assert world.state.tally.orders == 1


async def test_a_pause_takes_the_order_back_and_resuming_asks_for_it_again_at_the_new_price() -> (
    None
):
    world = await DcaWorld(order_type="limit", offset_percent="1").start("40000")
    await world.command(PauseBot("dca"))
    assert world.resting() == {}
    await world.tick("42000")
    await world.command(ResumeBot("dca"))
    (order,) = world.resting().values()
    assert (order.key, order.price) == ("dca/2026-11-22T09:00Z", Decimal("41580.0"))


async def test_a_fill_that_arrives_after_the_stop_still_counts() -> None:
    world = await DcaWorld(venue=PaperSettings(latency_ms=500)).start("40000")
    await world.clock.advance_to(NINE + SECOND, world.engine.settle)
    await world.engine.execute(StopBot("dca"))
    assert world.state.past[-1].state.value == "skipped"
    await world.tick_at(NINE + SECOND + 1, "40000")
    row = world.state.past[-1]
    assert (row.state.value, row.quantity, row.invested) == ("done", Decimal("0.00125"), 50)
    assert (world.state.tally.orders, world.state.tally.skipped) == (1, 0)
    assert world.state.tally.average_cost == world.bot.books.position("BTC/USDC").average_cost


async def test_what_a_stopped_slot_got_is_announced_at_once() -> None:
    world = await DcaWorld(venue=PaperSettings(partial_fills=True)).start("40000")
    await world.tick("40000", size="0.0005")
    await world.command(StopBot("dca"))
    (event,) = world.events("dcaOrderExecuted")
    assert event.quantity == Decimal("0.0005")


async def test_an_order_may_fill_until_its_cancel_is_final_and_the_slot_counts_it() -> None:
    world = await DcaWorld(
        interval="1m", venue=PaperSettings(partial_fills=True, latency_ms=500), **LIMIT
    ).start("40000")
    await world.tick("39600", size="0.0005")
    await world.clock.advance_to(NINE + MINUTE, world.engine.settle)
    await world.tick_at(NINE + MINUTE + 100_000_000, "39600", size="0.0001")
    assert world.events("dcaOrderExecuted") == []
    await world.tick_at(NINE + MINUTE + 900_000_000, "40000")
    (event,) = world.events("dcaOrderExecuted")
    assert event.quantity == Decimal("0.0006")
    await world.tick_at(NINE + 2 * MINUTE - 1, "40000")
    assert list(world.resting()) == ["dca/2026-11-22T09:01Z"]


# selling, limits of size, exits


async def test_on_spot_it_sells_what_it_claimed_and_no_more() -> None:
    balances = {"USDC": Decimal(0), "BTC": Decimal("0.003")}
    world = await DcaWorld(side="sell", interval="1m", balances=balances).start(*["40000"] * 200)
    assert [fill.quantity for fill in world.fills()] == [
        Decimal("0.00125"),
        Decimal("0.00125"),
        Decimal("0.0005"),
    ]
    assert world.bot.position("BTC/USDC") == 0


async def test_it_claims_no_more_than_its_sales_need() -> None:
    balances = {"USDC": Decimal(0), "BTC": Decimal(1)}
    world = await DcaWorld(side="sell", balances=balances).start("40000")
    assert world.bot.position("BTC/USDC") == Decimal("0.00375")


async def test_with_nothing_to_sell_slots_are_skipped_with_the_reason() -> None:
    world = await DcaWorld(side="sell", balances={"USDC": Decimal(9)}).start("40000")
    row = world.strategy.get_state().rows[0]
    assert (row.state.value, row.note) == ("skipped", "the bot has only 0 BTC left to sell")


async def test_on_a_perpetual_it_sells_short() -> None:
    world = await DcaWorld(coin("BTC/USDC:USDC"), side="sell", stop_loss="10").start(
        "40000", "40000"
    )
    assert world.bot.position("BTC/USDC:USDC") == Decimal("-0.00125")
    assert world.strategy.get_state().stop_price == 44000


async def test_the_position_never_passes_its_limit() -> None:
    world = DcaWorld(interval="1m", max_orders=9, max_position="0.002")
    await world.start(*["40000"] * 200)
    assert world.bot.position("BTC/USDC") == Decimal("0.002")
    row = world.strategy.get_state().rows[2]
    assert row.note == "the position is at max_position, 0.002 BTC"


async def test_on_spot_an_order_is_cut_to_what_is_left_of_the_capital() -> None:
    # The first order is sized at 40,000 and fills at 60,000: of 150 only 75 are left.
    world = await DcaWorld(interval="1m").start("40000", *["60000"] * 200)
    assert [round(fill.notional, 2) for fill in world.fills()] == [75, 50, 25]
    assert world.bot.books.cash >= 0


async def test_a_raised_limit_may_be_spent_beyond_the_first_capital() -> None:
    world = await DcaWorld(interval="1m", max_orders=1).start("40000", "40000")
    await world.restarted(price="40000", max_orders=3)
    await world.tick(*["40000"] * 200)
    assert len(world.fills()) == 3


async def test_stop_and_target_are_measured_from_the_average_cost_with_fees() -> None:
    world = await DcaWorld(
        coin(taker_fee=Decimal("0.001")), stop_loss="10", take_profit="20"
    ).start("40000", "40000")
    panel = world.strategy.get_state()
    assert (panel.stop_price, panel.target_price) == (Decimal(36036), Decimal(48048))


async def test_the_stop_loss_closes_the_position_and_the_sums_stay() -> None:
    world = DcaWorld(limits=RiskLimits(stop_loss=Decimal(10)))
    await world.start("40000", "40000", "36000", "36000")
    assert world.bot.position("BTC/USDC") == 0
    assert world.state.tally.orders == 1
    assert world.state.tally.average_cost is None
    await world.command(StartBot("dca"))
    await world.tick("35000", "35000")
    assert world.state.tally.orders == 2
    assert world.state.tally.average_cost == world.bot.books.position("BTC/USDC").average_cost


async def test_another_side_begins_sums_of_its_own_and_no_due_time_comes_twice() -> None:
    world = await DcaWorld(interval="1h").start("40000", "40000")
    await world.restarted(price="40000", side="sell")
    await world.tick_at(NINE + HOUR, "40000")
    await world.tick("40000")
    assert [(f.side.value, f.key) for f in world.fills()] == [
        ("buy", "dca/2026-11-22T09:00Z"),
        ("sell", "dca/2026-11-22T10:00Z"),
    ]
    assert (world.state.tally.orders, world.state.tally.invested) == (1, Decimal(50))


async def test_a_fee_in_coins_leaves_less_and_makes_it_dearer() -> None:
    world = await DcaWorld(
        coin(taker_fee=Decimal("0.001")), venue=PaperSettings(fee_in_base=True)
    ).start("40000", "40000")
    assert world.state.tally.average_cost == world.bot.books.position("BTC/USDC").average_cost
    assert world.state.tally.traded == Decimal("0.00125")
