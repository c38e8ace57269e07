"""A config that is saved while the engine runs does what was told before, and nothing else."""

import asyncio
import threading
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.control.commands import FlattenBot, PauseBot, Result, StopBot
from nimbus_tui.control.config_change import BotChangeKind, text_hash
from nimbus_tui.core.events import ConfigChanged
from nimbus_tui.core.ids import BotId
from nimbus_tui.strategies.grid import GridStrategy
from tests.engine.editing import DCA, TEXT, Editing

ETH = BotId("eth")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Editing]:
    world = await Editing(tmp_path / "bots.toml").start()
    yield world
    await world.engine.stop()


async def test_another_spacing_moves_the_grid_as_told(world: Editing) -> None:
    before = world.resting()
    told = await world.does_as_told(world.edited(spacing=Decimal(1)))
    assert told.kind is BotChangeKind.HOT
    assert told.keys == ("spacing",)
    assert told.message == "eth: 6 orders are cancelled, 6 placed"
    assert {order.key for order in told.cancels} == set(before)
    assert sorted(price for _, price, _ in world.resting().values() if price) == [
        Decimal(one) for one in (2328, 2352, 2376, 2424, 2448, 2472)
    ]
    events = await world.client.events(types=["configChanged"])
    assert [one.keys for one in events if isinstance(one, ConfigChanged)] == [("spacing",)]


async def test_the_journal_keeps_each_text_that_was_followed(world: Editing) -> None:
    text = world.edited(spacing=Decimal(1))
    await world.save(text)
    assert [version.text for version in world.engine.journal.config_versions()] == [text, TEXT]


async def test_inventory_survives_a_change(world: Editing) -> None:
    await world.tick("ETH/USDC:USDC", "2387")
    held = world.bot().position("ETH/USDC:USDC")
    fills = len(world.engine.journal.fills())
    assert held > 0
    await world.does_as_told(world.edited(spacing=Decimal(1), levels=2))
    assert world.bot().position("ETH/USDC:USDC") == held
    assert len(world.engine.journal.fills()) == fills
    assert len(world.resting()) == 4


async def test_a_change_of_limits_leaves_the_orders(world: Editing) -> None:
    before = world.bot().keeper.live
    text = world.edited(risk__drawdown=30)
    told = await world.does_as_told(text)
    assert (told.keys, told.message) == (("risk.drawdown",), "eth: its orders stay as they are")
    assert world.bot().limits.drawdown == 30
    assert world.bot().keeper.live is before
    reading = next(r for r in (await world.client.risk()).readings if r.rule == "drawdown")
    assert reading.limit == 30


async def test_a_tighter_limit_takes_away_what_it_forbids(world: Editing) -> None:
    told = await world.does_as_told(world.edited(spacing=Decimal(1), risk__position_size=150))
    assert len(told.places) < 6


async def test_a_limit_that_stops_the_bot_says_so_before(world: Editing) -> None:
    await world.tick("ETH/USDC:USDC", "2364")
    text = world.edited(risk__stop_loss=Decimal("0.1"))
    told = await world.planned(text)
    assert "THE NEW LIMITS STOP IT AT ONCE, stop loss" in told.message
    assert {order.key for order in told.cancels} == set(world.resting())
    assert world.resting()
    assert (await world.save(text)).result is Result.DONE
    await world.tick("ETH/USDC:USDC", "2364")
    assert world.bot().standing.is_stopped


async def test_planning_does_nothing(world: Editing) -> None:
    before = (await world.client.snapshot(), world.resting(), world.text)
    seq = world.engine.bus.seq
    state = world.bot().strategy.saved_state()
    for text in (
        world.edited(spacing=Decimal(1)),
        world.edited(risk__stop_loss=Decimal("0.1")),
        world.text + DCA,
        world.text.replace("[bots.eth]", "[bots.other]"),
    ):
        await world.plan(text)
    await world.engine.settle()
    assert (await world.client.snapshot(), world.resting(), world.text) == before
    assert (world.engine.bus.seq, world.bot().strategy.saved_state()) == (seq, state)


async def test_a_paused_bot_places_nothing_that_adds(world: Editing) -> None:
    await world.client.execute(PauseBot(ETH))
    await world.engine.settle()
    told = await world.does_as_told(world.edited(spacing=Decimal(1)))
    assert (told.cancels, told.places) == ((), ())


async def test_a_bot_that_is_not_in_step_says_when_it_plans(world: Editing) -> None:
    world.engine.link_changed(world.exchange.name, False, "the line is cut")
    text = world.edited(spacing=Decimal(1))
    told = await world.planned(text)
    assert told.message == "eth: it plans anew once it is in step with sim"
    assert (told.cancels, told.places) == ((), ())
    before = world.resting()
    assert (await world.save(text)).result is Result.DONE
    assert world.resting() == before
    assert world.bot().strategy.config.spacing == 1


async def test_a_strategy_that_fails_to_follow_is_asked_before(
    world: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwilling(strategy: object, config: object) -> None:
        raise ValueError("unwilling")

    monkeypatch.setattr(GridStrategy, "update_config", unwilling)
    before = world.text
    refused = await world.save(world.edited(spacing=Decimal(1)))
    assert refused.result is Result.REFUSED
    assert "eth: its strategy fails to take it over: ValueError: unwilling" in refused.message
    assert world.text == before
    assert not world.bot().is_frozen


async def test_an_emergency_while_the_file_is_written_leaves_it_to_the_next_start(
    world: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = world.engine.config_desk.source.save

    def saved(text: str, expected_hash: str) -> str:
        world.engine.state = "emergency"
        return save(text, expected_hash)

    monkeypatch.setattr(world.engine.config_desk.source, "save", saved)
    text = world.edited(spacing=Decimal(1))
    outcome = await world.save(text)
    assert outcome.result is Result.ACCEPTED
    assert "saved, and counts from the next start only" in outcome.message
    assert world.text == text
    assert world.bot().strategy.config.spacing == Decimal("0.5")
    assert (await world.client.read_config()).running_hash == text_hash(TEXT)


async def test_a_save_goes_to_its_end_when_who_asked_for_it_goes_away(
    world: Editing, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    save = world.engine.config_desk.source.save

    def slow(text: str, expected_hash: str) -> str:
        begun.set()
        assert may_end.wait(30)
        return save(text, expected_hash)

    monkeypatch.setattr(world.engine.config_desk.source, "save", slow)
    text = world.edited(spacing=Decimal(1))
    asked = asyncio.create_task(world.client.save_config(text, text_hash(TEXT)))
    await asyncio.to_thread(begun.wait, 30)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    may_end.set()
    refused = await world.client.save_config(TEXT, text_hash(TEXT))
    assert "has been edited meanwhile" in refused.message
    assert world.text == text
    assert world.bot().strategy.config.spacing == 1


async def test_a_stopped_bot_begins_with_it_later(world: Editing) -> None:
    await world.client.execute(StopBot(ETH))
    await world.engine.settle()
    told = await world.does_as_told(world.edited(spacing=Decimal(1)))
    assert told.message == "eth: it is stopped, and begins with this when it is started"


async def test_what_is_wrong_is_told_with_its_place_and_nothing_saved(world: Editing) -> None:
    before = world.text
    text = world.edited(levels=0)
    change = await world.plan(text)
    assert [(one.line, one.key) for one in change.problems] == [(12, "bots.eth.levels")]
    assert not change.ok
    outcome = await world.save(text)
    assert outcome.result is Result.REFUSED
    assert "bots.eth.levels" in outcome.message
    assert world.text == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ETH/USDC:USDC", "BTC/USDC:USDC", "its symbol ETH/USDC:USDC is now BTC/USDC:USDC"),
        ('"sim"', '"two"', "its exchange sim is now two"),
    ],
)
async def test_a_bot_can_not_become_another_one(
    world: Editing, old: str, new: str, said: str
) -> None:
    text = world.text.replace(old, new) + '\n[exchanges.two]\ntype = "paper"\n'
    change = await world.plan(text)
    assert said in change.refusal
    assert "give the changed bot a name of its own" in change.refusal
    assert (await world.save(text)).result is Result.REFUSED


async def test_what_counts_later_is_told(world: Editing) -> None:
    told = await world.planned(world.edited(capital=500))
    assert told.kind is BotChangeKind.NEXT_START
    assert "capital is what the bot began with" in told.message
    text = "[engine]\ncurrency = 'USDT'\non_shutdown = 'cancel'\n[risk]\ndrawdown = 20\n" + TEXT
    change = await world.plan(text)
    assert change.engine == (
        "engine.on_shutdown changes at once",
        "risk.drawdown changes at once",
        "engine.currency changes at the next start",
    )


async def test_another_name_of_the_engine_says_what_it_means(world: Editing) -> None:
    (told,) = (await world.plan('[engine]\nname = "other"\n' + TEXT)).engine
    assert "with it the journal: the bots begin anew" in told


async def test_limits_of_all_bots_hold_at_once(world: Editing) -> None:
    text = (
        world.text
        + "\n[risk]\ntotal_exposure = 3\ndrawdown = 20\n[engine]\non_shutdown = 'cancel'\n"
    )
    assert (await world.save(text)).result is Result.DONE
    assert world.engine.settings.limits.total_exposure == 3
    assert world.engine.settings.cancel_on_shutdown
    assert world.bot().limits.drawdown == 20
    readings = {one.rule: one.limit for one in (await world.client.risk()).readings}
    assert (readings["total_exposure"], readings["drawdown"]) == (3, 20)


async def test_an_emergency_lets_nothing_be_saved(world: Editing) -> None:
    world.engine.emergency.trip("operator")
    await world.engine.settle()
    outcome = await world.save(world.edited(spacing=Decimal(1)))
    assert outcome.result is Result.REFUSED
    assert "no config can be saved now" in outcome.message


async def test_of_two_editors_the_second_is_told(world: Editing) -> None:
    first = await world.client.read_config()
    second = await world.client.read_config()
    assert first.hash == first.running_hash
    mine, theirs = world.edited(levels=2), world.edited(levels=4)
    assert (await world.client.save_config(mine, first.hash)).result is Result.DONE
    refused = await world.client.save_config(theirs, second.hash)
    assert refused.result is Result.REFUSED
    assert f"{world.path} has been edited meanwhile" in refused.message
    assert (await world.client.plan_config(theirs, second.hash)).refusal == refused.message
    now = await world.client.read_config()
    assert (now.text, now.hash) == (mine, now.running_hash)
    assert world.path.with_name("bots.toml.bak").read_text() == TEXT


async def test_an_edit_on_the_disk_is_seen(world: Editing) -> None:
    world.path.write_text(world.edited(levels=2))
    now = await world.client.read_config()
    assert now.hash != now.running_hash
    assert (await world.save(now.text)).result is Result.DONE
    assert len(world.resting()) == 4


async def test_a_flattened_bot_may_go_and_one_with_orders_may_not(world: Editing) -> None:
    await world.save(world.text + DCA)
    without_grid = "".join(TEXT.partition("# the grid")[:1]) + DCA
    await world.tick("ETH/USDC:USDC", "2387")
    told = await world.planned(without_grid)
    assert told.kind is BotChangeKind.REFUSED
    assert "it still has 6 live orders and 0.0418 of ETH/USDC:USDC. Flatten it (x)" in told.message
    refused = await world.save(without_grid)
    assert refused.message == told.message
    await world.client.execute(FlattenBot(ETH))
    await world.tick()
    await world.tick()
    assert (await world.save(without_grid)).result is Result.DONE
    assert list(world.engine.bots) == ["btc"]
    update = await world.client.updates(1)
    assert (update.complete, [bot.bot_id for bot in update.bots]) == (True, ["btc"])
    await world.tick("ETH/USDC:USDC", "2400")
    assert (await world.client.snapshot())[0].state == "running"
