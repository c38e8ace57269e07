"""The engine's own clients, asked for backtests."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from nimbus_tui.control.backtests import BacktestRequest, RunState
from nimbus_tui.control.client import EngineClient
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.thread_client import ThreadClient
from tests.contracts.backtesting_client import BacktestingClientContract, a_world
from tests.simulation.worlds import World


class TestLocalClient(BacktestingClientContract):
    @pytest.fixture
    async def asked(self, tmp_path: Path) -> AsyncIterator[EngineClient]:
        world = await a_world(tmp_path)
        yield LocalClient(world.engine)
        await world.engine.stop()


class TestThreadClient(BacktestingClientContract):
    @pytest.fixture
    def asked(self, tmp_path: Path) -> Iterator[EngineClient]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        world = asyncio.run_coroutine_threadsafe(a_world(tmp_path), loop).result(30)
        yield ThreadClient(LocalClient(world.engine), loop)
        asyncio.run_coroutine_threadsafe(_ended(world), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(world: World) -> None:
    await world.engine.stop()
    await asyncio.get_running_loop().shutdown_default_executor()


async def test_an_engine_that_was_given_nobody_says_so() -> None:
    world = await World().start("2400")
    client = LocalClient(world.engine)
    run = await client.run_backtest(BacktestRequest(config="", data={}))
    assert run.state is RunState.FAILED
    assert run.problem == (await client.backtest_setup()).problem
    assert "without backtests" in run.problem
    assert (await client.backtests(), await client.backtest_result(1)) == ((), None)
    assert (await client.backtest_paths(""), await client.cancel_backtest(1)) == ((), None)
    await world.engine.stop()
