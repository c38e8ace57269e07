"""What a portfolio shows of itself, and of what it would do."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.rows import bot_row
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import DriftPanel, RowState
from nimbus_tui.core.preview import Preview
from nimbus_tui.engine.snapshots import bot_detail, bot_snapshot
from nimbus_tui.strategies.portfolio import PortfolioStrategy
from nimbus_tui.strategies.portfolio_weights import Initial, Trigger
from nimbus_tui.tui.viewmodels.figures import figures as figures_shown
from tests.simulation.portfolio_world import HOUR, PRICES, TARGETS, PortfolioWorld, config, spots

AT_45_28_18_9 = {
    "BTC": Decimal("0.09"), "ETH": Decimal("1.12"), "SOL": Decimal(18), "MATIC": Decimal(1800),
}  # fmt: skip


async def example(**more: Any) -> PortfolioWorld:
    begun: dict[str, Any] = {
        "balances": AT_45_28_18_9, "capital": Decimal(0), "initial": Initial.CLAIM,
    }  # fmt: skip
    return await PortfolioWorld(**(begun | more)).start()


def shown(world: PortfolioWorld) -> DriftPanel:
    panel = bot_detail(world.engine, world.bot).panel
    assert isinstance(panel, DriftPanel)
    return panel


async def test_the_panel_shows_each_asset_against_its_target_and_what_is_done_about_it() -> None:
    panel = shown(await example())
    rows = [(r.asset, r.target, r.current, r.drift, r.threshold, r.side, r.amount, r.state)
            for r in panel.rows]  # fmt: skip
    sell, buy, five = Side.SELL, Side.BUY, Decimal(5)
    resting, waiting = RowState.RESTING, RowState.WAITING
    assert rows == [
        ("BTC", 40, 45, 5, five, sell, 500, resting),
        ("ETH", 30, 28, -2, five, buy, 200, waiting),
        ("SOL", 20, 18, -2, five, buy, 200, waiting),
        ("MATIC", 10, 9, -1, five, buy, 100, waiting),
        ("USDC", 0, 0, 0, None, None, 0, RowState.EMPTY),
    ]
    assert [row.key for row in panel.rows] == ["rebalance/1.1/BTC", None, None, None, None]
    assert (panel.value, panel.quote, panel.round_number) == (10_000, "USDC", 1)
    assert panel.is_rebalancing
    assert panel.note == "pass 1: selling"


async def test_between_rebalances_it_shows_what_the_next_would_do() -> None:
    world = await example(trigger=Trigger.BOTH, interval="2h")
    await world.tick(PRICES)
    ended = world.clock.now()
    # Inside the bands nobody asks the strategy, but the panel is up to date all the same.
    await world.tick({"BTC": "51000"})
    panel = shown(world)
    assert not panel.is_rebalancing
    assert (panel.last_rebalance, panel.next_rebalance) == (ended, ended + 2 * HOUR)
    assert panel.note == "rests for 1h after a rebalance"
    btc = panel.rows[0]
    assert (btc.current, btc.drift) == (Decimal("40.48"), Decimal("0.48"))
    assert (btc.side, btc.state) == (Side.SELL, RowState.EMPTY)


async def test_what_is_too_small_to_trade_says_so() -> None:
    world = await example(min_trade=Decimal(150))
    await world.tick(PRICES, PRICES)
    rows = {row.asset: row for row in shown(world).rows}
    assert rows["MATIC"].note == "100.00 too small to trade"


async def test_before_the_first_prices_only_the_targets_are_known() -> None:
    world = PortfolioWorld()
    await world.engine.start()
    panel = shown(world)
    assert [(row.asset, row.target, row.current) for row in panel.rows] == [
        *((coin, target, None) for coin, target in TARGETS.items()), ("USDC", 0, None),
    ]  # fmt: skip
    assert panel.note == "waits for the first prices"
    assert bot_snapshot(world.engine, world.bot).statistics["value"] is None


async def test_with_nothing_to_claim_there_is_nothing_to_rebalance() -> None:
    world = await example(balances={"USDC": Decimal(5000)})
    await world.tick(PRICES)
    panel = shown(world)
    assert (panel.value, panel.note) == (0, "there is nothing to rebalance")
    assert {row.current for row in panel.rows} == {0}
    assert bot_snapshot(world.engine, world.bot).statistics["largest_drift"] is None
    assert world.journal.orders(limit=-1) == []


async def test_a_snapshot_lists_the_assets_and_has_no_single_symbol() -> None:
    world = await example()
    await world.tick(PRICES)
    bot = bot_snapshot(world.engine, world.bot)
    row = bot_row(bot)
    assert {row[key] for key in ("symbol", "price", "position", "average_cost")} == {None}
    listed = bot.statistics["assets"]
    assert isinstance(listed, list)
    assert [asset["symbol"] for asset in listed] == [*world.instruments, None]
    btc = listed[0]
    assert {key: btc[key] for key in ("asset", "price", "position", "average_cost", "target")} == {
        "asset": "BTC", "price": "50000", "position": "0.08000",
        "average_cost": "50000.0000000000", "target": "40",
    }  # fmt: skip
    assert Decimal(str(btc["current"])) == 40
    assert bot.statistics["rebalances"] == 1
    assert bot.statistics["turnover"] == "1000.00"
    assert msgspec.json.decode(msgspec.json.encode(bot), type=BotSnapshot) == bot


async def test_the_screen_shows_the_figures_of_a_bot_with_several_symbols() -> None:
    world = await example()
    bot = bot_snapshot(world.engine, world.bot)
    words = " ".join(cell.text for line in figures_shown(bot, 0, 100) for cell in line)
    assert "largest drift" in words


# previews


def previewed(capital: str | None = None, **more: Any) -> Preview:
    asked = config(**more)
    prices = {f"{coin}/USDC": Decimal(price) for coin, price in PRICES.items()}
    grain = spots(asked.coins, taker_fee=Decimal("0.001"))
    given = Decimal(capital) if capital is not None else None
    return PortfolioStrategy.preview(asked, grain, prices, 0, given)


def figures(preview: Preview) -> dict[str, object]:
    return {figure.name: figure.value for figure in preview.figures}


def test_a_preview_is_the_first_purchase_with_its_turnover_and_fees() -> None:
    preview = previewed("10000")
    assert isinstance(preview.panel, DriftPanel)
    assert [(row.asset, row.side, row.amount) for row in preview.panel.rows] == [
        ("BTC", Side.BUY, 4000), ("ETH", Side.BUY, 3000), ("SOL", Side.BUY, 2000),
        ("MATIC", Side.BUY, 1000), ("USDC", None, 0),
    ]  # fmt: skip
    assert figures(preview) == {
        "capital needed": 10_000,
        "least sensible capital": Decimal("400.40"),
        "orders": 4,
        "turnover": Decimal("9990.00"),
        "cost in fees": Decimal("9.9900"),
    }
    assert preview.warnings == preview.refusals == ()


def test_without_a_capital_the_least_sensible_one_is_shown() -> None:
    assert figures(previewed())["capital needed"] == Decimal("400.40")
    assert previewed().warnings == ()


def test_targets_and_drifts_under_the_least_order_are_doubts() -> None:
    preview = previewed("150")
    assert preview.warnings[0] == (
        "BTC: a drift at its threshold is worth 7.50 USDC, under the least order of 10.00: "
        "it can't be traded"
    )
    small = previewed("90").warnings[-1]
    assert small == (
        "MATIC: 10 % of 90.00 is 9.00 USDC, under the least order of 10.00: it can't be bought"
    )


def test_with_too_little_for_any_order_it_is_refused() -> None:
    assert previewed("20").refusals == (
        "with 20.00 USDC nothing can be bought; 400.40 is the least that makes sense",
    )


@pytest.mark.parametrize("capital", [None, "10000"])
def test_what_will_be_claimed_is_not_known_beforehand(capital: str | None) -> None:
    preview = previewed(capital, initial=Initial.CLAIM)
    assert isinstance(preview.panel, DriftPanel)
    assert bool(preview.warnings) is (capital is None)
    assert preview.panel.rows[0].target == 40
