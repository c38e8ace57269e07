"""How the orders of a panel's rows stand, and the ladder of a bot that brings no panel."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import StopBot
from nimbus_tui.core.panels import (
    DriftPanel,
    DriftRow,
    LadderPanel,
    LadderRow,
    Panel,
    RowState,
    SlotState,
    StepRow,
    StepsPanel,
    StepState,
    TimelinePanel,
    TimelineRow,
)
from nimbus_tui.core.plan import Plan, Wake
from nimbus_tui.engine.panels import bot_panel, plan_ladder
from nimbus_tui.engine.snapshots import bot_snapshot
from tests.engine.showing import BTC, ETH, SECOND, Stage, order

D = Decimal


def step(number: int, key: str | None, state: StepState = StepState.WAITING) -> StepRow:
    return StepRow(
        step=number, state=state, price=D(2300), deviation_percent=D(4), quantity=D(1),
        quote=D(2300), cumulative_quote=D(2300), key=key,
    )  # fmt: skip


def panels_of(key: str) -> list[Panel]:
    """One panel of each kind whose one row has an order under a key."""
    return [
        LadderPanel(rows=(LadderRow(level=-1, price=D(2300), offset_percent=D(0), key=key),)),
        TimelinePanel(rows=(TimelineRow(due=1, state=SlotState.OPEN, key=key),)),
        DriftPanel(rows=(DriftRow(asset="ETH", target=D(100), key=key),)),
        StepsPanel(rows=(step(0, key),), target_key=key),
    ]


def states(panel: Panel) -> list[RowState]:
    """Where the rows' orders stand, and the take profit's."""
    match panel:
        case TimelinePanel() | StepsPanel():
            found = [row.order for row in panel.rows]
        case _:
            found = [row.state for row in panel.rows]
    return [*found, panel.target_state] if isinstance(panel, StepsPanel) else found


def filled(panel: Panel) -> Decimal | None:
    return getattr(panel.rows[0], "filled", None)


@pytest.mark.parametrize("kind", range(4), ids=["ladder", "timeline", "drift", "steps"])
async def test_every_kind_of_row_tells_where_its_order_is(kind: int) -> None:
    stage = Stage()
    bot = await stage.start(Plan((order("buy/1", "2300", "2"),)), ETH="2400")
    stage.strategy.panel = panels_of("buy/1")[kind]
    assert set(states(bot_panel(bot))) == {RowState.RESTING}
    await stage.engine.execute(StopBot("told"))
    await stage.engine.settle()
    assert set(states(bot_panel(bot))) == {RowState.HELD}
    await stage.engine.stop()


@pytest.mark.parametrize("kind", range(4), ids=["ladder", "timeline", "drift", "steps"])
async def test_a_row_without_an_order_stays_as_the_strategy_says(kind: int) -> None:
    stage = Stage()
    bot = await stage.start(Plan(), ETH="2400")
    stage.strategy.panel = panels_of("buy/9")[kind]
    assert set(states(bot_panel(bot))) == {RowState.EMPTY}
    await stage.engine.stop()


async def test_what_is_over_is_not_called_held_back_when_the_bot_is_stopped() -> None:
    stage = Stage()
    bot = await stage.start(Plan(), ETH="2400")
    await stage.engine.execute(StopBot("told"))
    stage.strategy.panel = StepsPanel(rows=(step(0, "buy/0", StepState.FILLED), step(1, "buy/1")))
    assert states(bot_panel(bot)) == [RowState.EMPTY, RowState.HELD, RowState.EMPTY]
    done, due = (TimelineRow(due=1, state=s, key="k") for s in (SlotState.DONE, SlotState.OPEN))
    stage.strategy.panel = TimelinePanel(rows=(done, due))
    assert states(bot_panel(bot)) == [RowState.EMPTY, RowState.HELD]
    await stage.engine.stop()


# the generic ladder


async def test_a_bot_without_a_panel_shows_its_plan_as_a_ladder() -> None:
    stage = Stage()
    orders = (
        order("buy/near", "2388"),
        order("sell/far", "2448", "0.5"),
        order("buy/far", "2376"),
        order("sell/near", "2412", "0.5"),
    )
    wake = Wake({ETH: (D(2300), D(2500))}, at=900 * SECOND)
    bot = await stage.start(Plan(orders, wake), ETH="2400")
    panel = bot_panel(bot)
    assert isinstance(panel, LadderPanel)
    assert [(row.level, row.key, row.price, row.offset_percent) for row in panel.rows] == [
        (2, "sell/far", D(2448), D(2)),
        (1, "sell/near", D(2412), D("0.5")),
        (-1, "buy/near", D(2388), D("-0.5")),
        (-2, "buy/far", D(2376), D(-1)),
    ]
    assert {row.state for row in panel.rows} == {RowState.RESTING}
    assert (panel.wake_below, panel.wake_above, panel.wake_at) == (2300, 2500, 900 * SECOND)
    assert (panel.base, panel.note) == (None, "")
    await stage.engine.stop()


async def test_an_order_that_the_gate_holds_back_is_called_so() -> None:
    stage = Stage()
    bot = await stage.start(Plan((order("buy/1", "2388", "0.0001"),)), ETH="2400")
    assert [row.state for row in plan_ladder(bot).rows] == [RowState.HELD]
    await stage.engine.stop()


async def test_orders_at_market_have_no_price_and_are_noted() -> None:
    stage = Stage()
    bot = await stage.start(Plan(tuple(order(f"buy/{n}", None) for n in range(5))), ETH="2400")
    ladder = plan_ladder(bot)
    assert ladder.rows == ()
    assert ladder.note == (
        "at market: buy 1 ETH (buy/0, resting), buy 1 ETH (buy/1, resting), "
        "buy 1 ETH (buy/2, resting) and 2 more"
    )
    await stage.engine.stop()


async def test_a_trigger_order_stands_at_its_trigger() -> None:
    stage = Stage()
    bot = await stage.start(Plan(), ETH="2400")
    stop = order("sell/stop", None, trigger_price=D(2200))
    bot.plan = Plan((stop,))
    assert [(row.price, row.key) for row in plan_ladder(bot).rows] == [(D(2200), "sell/stop")]
    await stage.engine.stop()


async def test_orders_of_several_symbols_name_theirs_and_the_bands_are_a_note() -> None:
    stage = Stage(ETH, BTC)
    orders = (order("buy/e", "2300"), order("buy/b", "60000", "0.01", BTC))
    wake = Wake({ETH: (D(2200), None), BTC: (D(59000), D(65000))})
    bot = await stage.start(Plan(orders, wake), ETH="2400", BTC="64000")
    ladder = plan_ladder(bot)
    assert [(row.symbol, row.offset_percent) for row in ladder.rows] == [
        (BTC, D("-6.25")),
        (ETH, D(2300 - 2400) / 2400 * 100),
    ]
    assert (ladder.wake_below, ladder.wake_above) == (None, None)
    assert ladder.note == "wakes outside ETH 2200…, BTC 59000…65000"
    await stage.engine.stop()


async def test_a_bot_that_wants_nothing_says_so() -> None:
    stage = Stage()
    bot = await stage.start(Plan(wake=Wake(settled=True)), ETH="2400")
    assert plan_ladder(bot).note == ("wants no order now; waits until none of its orders is live")
    await stage.engine.stop()


# strategies of others


async def test_a_panel_that_raises_gives_way_to_the_plan_and_says_why() -> None:
    stage = Stage()
    bot = await stage.start(Plan((order("buy/1", "2300"),)), ETH="2400")
    stage.strategy.panel = ZeroDivisionError("oh")
    panel = bot_panel(bot)
    assert isinstance(panel, LadderPanel)
    assert panel.note == "its panel can't be shown: ZeroDivisionError: oh"
    assert [row.key for row in panel.rows] == ["buy/1"]
    await stage.engine.stop()


async def test_statistics_may_be_tables_and_may_raise() -> None:
    stage = Stage(ETH, BTC)
    bot = await stage.start(Plan(), ETH="2400", BTC="64000")
    stage.strategy.figures = {
        "assets": ({"symbol": ETH, "position": D("1E-8")},), "mean": D("1.50"), "odd": object(),
    }  # fmt: skip
    shown = bot_snapshot(stage.engine, bot)
    btc = {"symbol": BTC, "price": "64000", "position": "0", "average_cost": None}
    eth = {"symbol": ETH, "price": "2400", "position": "0.00000001", "average_cost": None}
    expected = {"assets": [eth, btc], "mean": "1.50", "odd": None, "rebalances": 0}
    assert shown.statistics | expected == shown.statistics
    assert (shown.symbol, shown.symbols, shown.price) == (None, (ETH, BTC), None)
    stage.strategy.figures = ValueError("oh")
    shown = bot_snapshot(stage.engine, bot)
    assert shown.reason == "its statistics can't be shown: ValueError: oh"
    await stage.engine.stop()
