"""The client over the socket, asked what a config means."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.control.socket_server import UnixSocketServer
from nimbus_tui.engine.local_client import LocalClient
from tests.contracts.previewing_client import TEXT, PreviewingClientContract, a_world


class TestUnixSocketClient(PreviewingClientContract):
    @pytest.fixture
    async def asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[EngineClient]:
        monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
        world = await a_world()
        self.local = LocalClient(world.engine)
        server = UnixSocketServer(self.local, str(tmp_path / "e.sock"))
        await server.start()
        client = await UnixSocketClient.connect(str(tmp_path / "e.sock"))
        yield client
        await client.close()
        await server.close()
        await world.engine.stop()

    async def test_nothing_is_lost_on_the_way(self, asked: EngineClient) -> None:
        for text in (TEXT, TEXT.replace("0.5", "0"), TEXT.replace("ETH/USDC:USDC", "SOL/USDC")):
            assert await asked.preview(text) == await self.local.preview(text)
