"""The engine's own clients, in its loop and across threads."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from nimbus_tui.control.client import EngineClient
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.thread_client import ThreadClient
from tests.contracts.client import ClientContract, the_world


class TestLocalClient(ClientContract):
    @pytest.fixture
    async def client(self) -> AsyncIterator[EngineClient]:
        world = await the_world()
        yield LocalClient(world.engine)
        await world.engine.stop()


class TestThreadClient(ClientContract):
    @pytest.fixture
    async def client(self) -> AsyncIterator[EngineClient]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        across = asyncio.run_coroutine_threadsafe(the_world(), loop)
        world = await asyncio.wrap_future(across)
        yield ThreadClient(LocalClient(world.engine), loop)
        stopped = asyncio.run_coroutine_threadsafe(world.engine.stop(), loop)
        await asyncio.wrap_future(stopped)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
