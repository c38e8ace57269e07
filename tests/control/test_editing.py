"""The client over the socket, with a config that is edited."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nimbus_tui.control.asks import AskSetSecret
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.control.socket_server import UnixSocketServer
from tests.contracts.editing_client import EditingClientContract, a_world


class TestUnixSocketClient(EditingClientContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "bots.toml"

    @pytest.fixture
    async def editor(self, path: Path, tmp_path: Path) -> AsyncIterator[EngineClient]:
        world = await a_world(path)
        server = UnixSocketServer(world.client, str(tmp_path / "e.sock"))
        await server.start()
        client = await UnixSocketClient.connect(str(tmp_path / "e.sock"))
        yield client
        await client.close()
        await server.close()
        await world.engine.stop()


def test_a_secret_on_its_way_is_not_shown() -> None:
    ask = AskSetSecret("agent", "0x" + "ab" * 32, "correct horse")
    assert "abab" not in repr(ask)
    assert "horse" not in repr(ask)
