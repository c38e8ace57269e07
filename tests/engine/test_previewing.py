"""The engine's own clients, asked what a config means."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.preview import ConfigPreview
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.thread_client import ThreadClient
from tests.contracts.previewing_client import TEXT, PreviewingClientContract, a_world
from tests.simulation.worlds import World


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))


class TestLocalClient(PreviewingClientContract):
    @pytest.fixture
    async def asked(self) -> AsyncIterator[EngineClient]:
        world = await a_world()
        yield LocalClient(world.engine)
        await world.engine.stop()


class TestThreadClient(PreviewingClientContract):
    @pytest.fixture
    def asked(self) -> Iterator[EngineClient]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        world = asyncio.run_coroutine_threadsafe(a_world(), loop).result(30)
        yield ThreadClient(LocalClient(world.engine), loop)
        asyncio.run_coroutine_threadsafe(_ended(world), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(world: World) -> None:
    await world.engine.stop()
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_the_engine_trades_on_while_a_preview_is_made() -> None:
    world = await World().start("2400")
    begun, may_end = threading.Event(), threading.Event()

    def slow(text: str, quotes: object) -> ConfigPreview:
        begun.set()
        assert may_end.wait(30)
        return ConfigPreview()

    world.engine.previewer = slow
    waiting = asyncio.create_task(LocalClient(world.engine).preview(TEXT))
    await asyncio.to_thread(begun.wait, 30)
    await world.tick("2388")
    assert world.fills()[0].price == Decimal(2388)
    assert not waiting.done()
    may_end.set()
    assert (await waiting).ok
    await world.engine.stop()


async def test_an_engine_without_a_previewer_says_so() -> None:
    world = await World().start("2400")
    (error,) = (await LocalClient(world.engine).preview(TEXT)).errors
    assert "without previews" in error.message
    await world.engine.stop()
