"""An engine in one's own asyncio program: start, look, listen, command, stop."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

import nimbus_tui
from nimbus_tui import BotId, HostedEngine, Result, commands, events
from nimbus_tui.core.errors import JournalLocked
from tests.library.markets import GRID

ETH = BotId("eth")
BUSY = GRID.replace("spacing = 0.5", "spacing = 0.05")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nimbus_tui.Config:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    return nimbus_tui.parse_config(BUSY, path=tmp_path / "hosted.toml")


async def test_a_program_watches_and_commands_its_bots(config: nimbus_tui.Config) -> None:
    async with asyncio.timeout(60), HostedEngine(config, scratch=True) as engine:
        assert engine.is_alive
        assert (await engine.snapshot()).state == "running"
        async for event in engine.subscribe("orderFilled", "orderPlaced"):
            assert isinstance(event, events.OrderFilled | events.OrderPlaced)
            if isinstance(event, events.OrderFilled):
                break
        assert len(await engine.fills("eth")) >= 1
        assert (await engine.execute(commands.PauseBot(ETH))).result is Result.DONE
        assert (await engine.bots())[ETH].state is nimbus_tui.BotState.PAUSED
        assert (await engine.execute(commands.ResumeBot(ETH))).result is Result.DONE
        assert (await engine.execute(commands.PauseBot(BotId("nobody")))).result is Result.REFUSED
        assert len(await engine.orders("eth")) > 0
    assert not engine.is_alive


async def test_events_come_in_order_without_a_gap_from_the_first_one(
    config: nimbus_tui.Config,
) -> None:
    async with asyncio.timeout(60), HostedEngine(config, scratch=True) as engine:
        seen: list[nimbus_tui.Event] = []
        async for event in engine.subscribe(after=0):
            seen.append(event)
            if len(seen) == 40:
                break
    assert [event.seq for event in seen] == list(range(1, 41))
    assert any(isinstance(event, events.Started) for event in seen)
    assert all(before.ts <= after.ts for before, after in pairwise(seen))


async def test_only_what_happens_from_now_on_counts_unless_asked(
    config: nimbus_tui.Config,
) -> None:
    async with asyncio.timeout(60), HostedEngine(config, scratch=True) as engine:
        before = (await engine.snapshot()).seq

        async def first_pause() -> nimbus_tui.Event:
            async for event in engine.subscribe("paused"):
                return event
            raise AssertionError("the engine has ended")

        listening = asyncio.create_task(first_pause())
        await engine.snapshot()
        await engine.execute(commands.PauseBot(ETH))
        event = await listening
        assert isinstance(event, events.Paused)
        assert event.seq > before


async def test_the_end_of_the_engine_ends_the_events(config: nimbus_tui.Config) -> None:
    engine = HostedEngine(config, scratch=True)
    await engine.start()

    begun = asyncio.Event()

    async def listen() -> int:
        heard = 0
        async for _ in engine.subscribe(after=0):
            heard += 1
            begun.set()
        return heard

    async with asyncio.timeout(60):
        listening = asyncio.create_task(listen())
        await begun.wait()
        await engine.execute(commands.Shutdown())
        assert await listening > 0
        await engine.stop()
        await engine.stop()
    with pytest.raises(nimbus_tui.EngineUnreachable):
        await engine.snapshot()


async def test_a_cancelled_listener_is_cancelled_and_the_engine_goes_on(
    config: nimbus_tui.Config,
) -> None:
    async with asyncio.timeout(60), HostedEngine(config, scratch=True) as engine:

        async def listen() -> None:
            async for _ in engine.subscribe("emergency"):
                raise AssertionError("there is no such event")

        listening = asyncio.create_task(listen())
        await engine.snapshot()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        assert (await engine.snapshot()).state == "running"


async def test_what_is_not_scratch_goes_on_where_it_was(config: nimbus_tui.Config) -> None:
    async with asyncio.timeout(60):
        async with HostedEngine(config) as engine:
            async for _ in engine.subscribe("orderFilled"):
                break
            with pytest.raises(JournalLocked):
                await HostedEngine(config).start()
            before = (await engine.fills())[0]
        async with HostedEngine(config) as engine:
            assert (await engine.fills())[0] == before


async def test_before_the_start_and_after_a_failed_one_it_says_so(
    config: nimbus_tui.Config,
) -> None:
    engine = HostedEngine(config, scratch=True)
    await engine.stop()
    with pytest.raises(nimbus_tui.EngineUnreachable, match="not been started"):
        await engine.snapshot()
    await engine.start()
    with pytest.raises(nimbus_tui.EngineUnreachable, match="started before"):
        await engine.start()
    await engine.stop()
