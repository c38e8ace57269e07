"""The engine's own clients, with a config that is edited."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import Result
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.thread_client import ThreadClient
from tests.contracts.editing_client import TEXT, EditingClientContract, a_world
from tests.engine.editing import Editing
from tests.simulation.worlds import World


class TestLocalClient(EditingClientContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "bots.toml"

    @pytest.fixture
    async def editor(self, path: Path) -> AsyncIterator[EngineClient]:
        world = await a_world(path)
        yield world.client
        await world.engine.stop()


class TestThreadClient(EditingClientContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "bots.toml"

    @pytest.fixture
    def editor(self, path: Path) -> Iterator[EngineClient]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        world = asyncio.run_coroutine_threadsafe(a_world(path), loop).result(30)
        yield ThreadClient(world.client, loop)
        asyncio.run_coroutine_threadsafe(_ended(world), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(world: Editing) -> None:
    await world.engine.stop()
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_an_engine_without_a_file_says_so() -> None:
    world = await World().start("2400")
    client = LocalClient(world.engine)
    now = await client.read_config()
    assert (now.text, now.path) == ("", "")
    assert "without a config file" in now.trouble
    assert not (await client.plan_config(TEXT, now.hash)).ok
    assert (await client.save_config(TEXT, now.hash)).result is Result.REFUSED
    assert "without a config file" in (await client.instruments("sim")).trouble
    assert (await client.set_secret("a", "b" * 20, "c" * 20)).result is Result.REFUSED
    await world.engine.stop()
