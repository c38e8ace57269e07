"""The client over the socket, asked for backtests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.control.socket_server import UnixSocketServer
from nimbus_tui.engine.local_client import LocalClient
from tests.contracts.backtesting_client import BacktestingClientContract, a_world


class TestUnixSocketClient(BacktestingClientContract):
    @pytest.fixture
    async def asked(self, tmp_path: Path) -> AsyncIterator[EngineClient]:
        world = await a_world(tmp_path)
        server = UnixSocketServer(LocalClient(world.engine), str(tmp_path / "e.sock"))
        await server.start()
        client = await UnixSocketClient.connect(str(tmp_path / "e.sock"))
        yield client
        await client.close()
        await server.close()
        await world.engine.stop()
