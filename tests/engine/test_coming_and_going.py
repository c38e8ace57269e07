"""Bots that are added to, and taken out of, an engine that runs."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.config.exchange_sections import HyperliquidSection, NetworkName
from nimbus_tui.config.listings import keep
from nimbus_tui.control.commands import Result, StopBot
from nimbus_tui.control.config_change import BotChangeKind
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.market import Tick
from tests.engine.editing import DCA, TEXT, Editing
from tests.simulation.worlds import instrument

MARTINGALE = """
[bots.sol]
strategy = "martingale"
exchange = "sim"
symbol = "SOL/USDC:USDC"
base_quote = 100
step_percent = 1.5
max_steps = 3
take_profit = 1
"""
BASKET = """
[bots.basket]
strategy = "portfolio"
exchange = "sim"
quote = "USDC"
capital = 10_000
targets = { BTC = 50, ETH = 50 }
threshold = 5
trigger = "threshold"
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Editing]:
    world = await Editing(tmp_path / "bots.toml").start()
    yield world
    await world.engine.stop()


async def test_a_new_bot_starts_on_a_symbol_that_nobody_traded(world: Editing) -> None:
    told = await world.planned(world.text + DCA, "btc")
    assert told.kind is BotChangeKind.ADDED
    assert told.message == "btc starts at once on sim, on paper"
    outcome = await world.save(world.text + DCA)
    assert (outcome.result, outcome.message) == (Result.DONE, "saved: 1 bot added")
    assert "btc" in world.engine.bots
    for _ in range(62):
        await world.tick()
    fills = [fill for fill in world.engine.journal.fills() if fill.bot_id == "btc"]
    assert fills
    assert world.bot("btc").position("BTC/USDC") > 0
    assert len(world.resting()) == 6


async def test_a_new_bot_is_known_after_a_restart(world: Editing) -> None:
    await world.save(world.text + DCA)
    (record,) = [one for one in world.engine.journal.bots() if one.bot_id == "btc"]
    assert record.incarnation == world.bot("btc").record.incarnation


async def test_a_bot_brings_its_paper_exchange_with_it(world: Editing) -> None:
    text = world.text + DCA.replace('"sim"', '"two"') + '\n[exchanges.two]\ntype = "paper"\n'
    change = await world.plan(text)
    (_, new) = change.bots
    assert (new.kind, new.message) == (BotChangeKind.ADDED, "btc starts at once on two, on paper")
    assert change.engine == ()
    assert (await world.save(text)).result is Result.DONE
    two = world.joined[ExchangeName("two")]
    for _ in range(62):
        await world.tick("ETH/USDC:USDC", "2400")
        two.deliver(Tick(world.clock.now(), "BTC/USDC", Decimal(60_000), Decimal(0)))
        await world.engine.settle()
    assert world.bot("btc").position("BTC/USDC") > 0
    engine, bots = await world.client.snapshot()
    assert [one.name for one in engine.exchanges] == ["sim", "two"]
    assert [(bot.bot_id, bot.exchange) for bot in bots] == [("eth", "sim"), ("btc", "two")]
    assert (await world.plan(world.text)).engine == ()
    slower = world.text.replace("[exchanges.two]\n", "[exchanges.two]\nlatency_ms = 50\n")
    change = await world.plan(slower)
    assert change.engine == ("exchanges.two.latency_ms changes at the next start",)
    scopes = [one.scope for one in (await world.client.risk()).standings]
    assert "account two" in scopes


async def test_a_bot_on_a_real_venue_that_is_not_connected_starts_later(
    world: Editing, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    section = HyperliquidSection(type="hyperliquid", network=NetworkName.TESTNET)
    keep(section, [instrument("BTC/USDC:USDC")], 1)
    text = world.text + DCA.replace('"sim"', '"hl"').replace("BTC/USDC", "BTC/USDC:USDC")
    text += '\n[exchanges.hl]\ntype = "hyperliquid"\nnetwork = "testnet"\n'
    change = await world.plan(text)
    (_, new) = change.bots
    assert new.kind is BotChangeKind.NEXT_START
    assert new.message.endswith("hl-paper is not connected now")
    assert change.engine[0] == "exchanges.hl changes at the next start"
    assert (await world.save(text)).result is Result.DONE
    assert world.text == text
    assert list(world.engine.bots) == ["eth"]
    (_, again) = (await world.plan(text)).bots
    assert again.kind is BotChangeKind.NEXT_START


async def test_a_running_bot_is_stopped_before_it_goes(world: Editing) -> None:
    text = TEXT.partition("# the grid")[0] + DCA
    await world.save(world.text + DCA)
    await world.client.execute(StopBot(BotId("btc")))
    await world.engine.settle()
    assert (await world.planned(TEXT, "btc")).kind is BotChangeKind.REMOVED
    await world.client.execute(StopBot(BotId("eth")))
    await world.engine.settle()
    assert (await world.save(text)).result is Result.DONE
    assert list(world.engine.specs) == ["btc"]


async def test_a_bot_that_went_comes_back_as_it_was_left(world: Editing) -> None:
    await world.save(world.text + DCA)
    incarnation = world.bot("btc").record.incarnation
    await world.client.execute(StopBot(BotId("btc")))
    await world.engine.settle()
    await world.save(TEXT)
    assert list(world.engine.bots) == ["eth"]
    told = await world.planned(TEXT + DCA, "btc")
    assert told.message == "btc comes back to sim as it was left: stopped"
    assert (await world.save(TEXT + DCA)).result is Result.DONE
    assert world.bot("btc").record.incarnation == incarnation
    assert world.bot("btc").standing.is_stopped


async def test_a_bot_without_orders_is_not_taken_out_while_it_runs(world: Editing) -> None:
    late = DCA.replace('interval = "1m"', 'interval = "30d"\nstart_at = 2030-01-01T00:00:00Z')
    await world.save(world.text + late)
    await world.tick()
    told = await world.planned(TEXT, "btc")
    assert told.kind is BotChangeKind.REFUSED
    assert told.message.startswith("btc can't be taken out while it is running: stop it (s) first")


async def test_a_bot_that_holds_something_can_not_go(world: Editing) -> None:
    await world.save(world.text + DCA)
    for _ in range(62):
        await world.tick()
    held = world.bot("btc").position("BTC/USDC")
    incarnation = world.bot("btc").record.incarnation
    text = world.text
    refused = await world.save(TEXT)
    assert "of BTC/USDC" in refused.message
    assert held > 0
    await world.client.execute(StopBot(BotId("btc")))
    await world.engine.settle()
    assert (await world.save(TEXT)).result is Result.REFUSED
    assert world.text == text
    assert world.bot("btc").record.incarnation == incarnation


@pytest.mark.parametrize(
    ("table", "bot_id", "old", "new"),
    [
        (DCA, "btc", "order_quote = 50", "order_quote = 80"),
        (DCA, "btc", 'interval = "1m"', 'interval = "5m"'),
        (MARTINGALE, "sol", "take_profit = 1", "take_profit = 2"),
        (MARTINGALE, "sol", "max_steps = 3", "max_steps = 5"),
        (BASKET, "basket", "threshold = 5", "threshold = 3"),
        (BASKET, "basket", "BTC = 50, ETH = 50", "BTC = 90, ETH = 10"),
    ],
)
async def test_every_strategy_follows_as_it_was_told(
    world: Editing, table: str, bot_id: str, old: str, new: str
) -> None:
    await world.save(world.text + table)
    for _ in range(3):
        await world.tick()
    before = world.bot(bot_id).marks()
    told = await world.does_as_told_at_first(world.text.replace(old, new), bot_id)
    assert told.kind is BotChangeKind.HOT
    assert world.bot(bot_id).marks() == before
    assert not world.bot(bot_id).guard.is_frozen
    changed = world.bot(bot_id).strategy.config
    assert changed == world.engine.specs[BotId(bot_id)].strategy.config


async def test_an_interval_that_changes_buys_on_its_new_schedule(world: Editing) -> None:
    await world.save(world.text + DCA)
    await world.tick()
    await world.save(world.text.replace('interval = "1m"', 'interval = "10s"'))
    before = len(world.engine.journal.fills())
    for _ in range(35):
        await world.tick()
    assert 3 <= len(world.engine.journal.fills()) - before <= 4
    assert world.bot("btc").position("BTC/USDC") > Decimal(0)
