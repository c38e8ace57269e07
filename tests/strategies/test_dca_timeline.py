"""What a DCA bot shows: its timeline, its figures, and its preview."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.panels import Panel, TimelinePanel
from nimbus_tui.core.preview import Preview
from nimbus_tui.engine.snapshots import bot_detail, bot_snapshot
from nimbus_tui.strategies.dca import DcaStrategy
from tests.simulation.dca_worlds import DAY, NINE, DcaWorld, coin, config_of


def preview(price: str | None = "40000", **parameters: Any) -> Preview:
    traded = coin(lot_size=Decimal("0.00001"), min_notional=Decimal(10))
    prices = {} if price is None else {traded.symbol: Decimal(price)}
    return DcaStrategy.preview(config_of(**parameters), {traded.symbol: traded}, prices, NINE)


def figures(found: Preview) -> dict[str, Any]:
    return {figure.name: figure.value for figure in found.figures}


async def test_before_the_first_price_it_says_what_it_waits_for() -> None:
    world = await DcaWorld().start()
    panel = world.strategy.get_state()
    assert (panel.rows, panel.note) == ((), "waits for the first price")
    assert world.strategy.get_statistics()["next_due"] is None


async def test_the_timeline_shows_what_was_what_is_and_what_comes() -> None:
    world = await DcaWorld(max_orders=30, max_quote="1000").start("40000", "40000")
    await world.tick_at(NINE + DAY - 1, "41000")
    await world.clock.advance_to(NINE + DAY, world.engine.settle)
    panel = world.strategy.get_state()
    assert [row.state.value for row in panel.rows] == ["done", "open", "next", *["later"] * 5]
    assert panel.rows[1].key == "dca/2026-11-23T09:00Z"
    assert (panel.orders, panel.max_orders, panel.invested, panel.max_quote) == (1, 30, 50, 1000)
    assert panel.next_due == NINE + 2 * DAY


async def test_no_more_slots_are_shown_than_there_will_be() -> None:
    world = await DcaWorld(max_orders=2).start("40000")
    assert [state for _, state in world.rows()] == ["open", "next"]
    await world.tick("40000")
    assert [state for _, state in world.rows()] == ["done", "next"]


async def test_the_panel_travels_to_a_screen_and_back() -> None:
    world = await DcaWorld().start("40000", "40000")
    detail = bot_detail(world.engine, world.bot)
    sent = msgspec.json.encode(detail.panel)
    assert isinstance(detail.panel, TimelinePanel)
    assert msgspec.json.decode(sent, type=Panel) == detail.panel


async def test_the_statistics_are_those_that_scripts_read() -> None:
    world = await DcaWorld(missed="skip", max_quote="1000").start("40000", "40000")
    await world.tick_at(NINE + DAY - 1, "41000")
    await world.tick_at(NINE + DAY, "41000")
    found = bot_snapshot(world.engine, world.bot).statistics
    expected = {
        "orders": 2,
        "invested": "99.99991000",
        "bought": "0.00246951",
        "mean_price": "40500.0000000000",
        "average_cost": "40493.8267105620",
        "skipped": 0,
        "missed": 0,
        "left_orders": 1,
        "left_quote": "900.00009000",
        "next_due": NINE + 2 * DAY,
        "open_slot": None,
        "rebalances": 0,
    }
    assert found | expected == found


def test_a_preview_shows_the_next_ten_slots_and_what_they_come_to() -> None:
    found = preview(max_orders=30)
    assert isinstance(found.panel, TimelinePanel)
    assert [str(row.key) for row in found.panel.rows[:2]] == [
        "dca/2026-11-22T09:00Z",
        "dca/2026-11-23T09:00Z",
    ]
    assert len(found.panel.rows) == 10
    assert figures(found) == {
        "orders": 30,
        "first order": Decimal("0.00125"),
        "to be bought for": 1500,
        "last order": "2026-12-21 09:00 UTC",
        "capital needed": 1500,
    }
    assert (found.warnings, found.refusals) == ((), ())


def test_a_preview_of_a_cron_schedule_knows_its_last_slot_too() -> None:
    found = preview(interval="0 9 * * mon", max_orders=3)
    assert figures(found)["last order"] == "2026-12-07 09:00 UTC"


def test_a_preview_needs_no_price() -> None:
    found = preview(None)
    assert "first order" not in figures(found)
    assert found.refusals == ()


def test_an_end_that_no_clock_can_tell_is_left_open() -> None:
    assert figures(preview(max_orders=100_000_000))["last order"] is None
    assert figures(preview(interval="0 9 * * *", max_orders=100_000))["last order"] is None


def test_an_order_that_the_venue_would_refuse_is_a_refusal_with_the_numbers() -> None:
    # 10 ÷ 60,001 in lots of 0.00001 is 0.00016, and that is 9.60.
    (refusal,) = preview("60001", order_quote="10").refusals
    assert refusal == (
        "an order of 10 USDC at 60001 is under the least order of BTC/USDC: 10 USDC and 0.00001 BTC"
    )


@pytest.mark.parametrize(
    ("parameters", "doubt"),
    [
        ({"start_at": "2026-11-01T09:00:00Z"}, "start_at has passed"),
        ({"price_floor": "40001"}, "at 40000 slots are skipped: it is under price_floor"),
        ({"price_ceiling": "39999"}, "at 40000 slots are skipped: it is over price_ceiling"),
        ({"order_type": "limit"}, "not filled when the next is due is skipped"),
        ({"missed": "catch_up"}, "catch_up trades every missed slot"),
        ({"max_quote": "120"}, "the last order is cut to 20 USDC by max_quote"),
    ],
)
def test_a_preview_says_what_a_careful_person_would_ask(
    parameters: dict[str, Any], doubt: str
) -> None:
    (found,) = preview(**parameters).warnings
    assert doubt in found


def test_a_preview_of_a_sale_needs_no_capital() -> None:
    found = preview(side="sell")
    assert figures(found)["capital needed"] == 0
    assert (figures(found)["to be sold for"], found.refusals) == (150, ())
