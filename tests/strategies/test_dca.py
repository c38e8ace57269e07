"""The DCA bot through the real engine, on its own numbers: $50 a day at 09:00."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import StartBot
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.risk.limits import RiskLimits
from tests.simulation.dca_worlds import DAY, HOUR, MINUTE, NINE, DcaWorld, coin


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
