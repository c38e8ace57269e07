"""The engine's client over a Unix socket: the same answers, and nothing that harms the engine."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.control import socket_server
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.commands import PauseBot, Result
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.control.socket_file import refuse_foreign_listener
from nimbus_tui.control.socket_server import UnixSocketServer
from nimbus_tui.core.errors import EngineEnded, EngineUnreachable, NimbusError
from nimbus_tui.engine.local_client import LocalClient
from tests.contracts.client import ClientContract, the_world
from tests.simulation.worlds import World


class Served:
    """A world behind a socket."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.path = path
        self.local = LocalClient(world.engine)
        self.server = UnixSocketServer(self.local, str(path))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    world = await World().start("2400", "2388")
    one = Served(world, tmp_path / "run" / "e.sock")
    await one.server.start()
    yield one
    await one.server.close()
    await world.engine.stop()


class TestUnixSocketClient(ClientContract):
    @pytest.fixture
    async def client(self, tmp_path: Path) -> AsyncIterator[EngineClient]:
        served = Served(await the_world(), tmp_path / "e.sock")
        await served.server.start()
        client = await UnixSocketClient.connect(str(served.path))
        yield client
        await client.close()
        await served.server.close()
        await served.world.engine.stop()


async def test_the_socket_is_its_owners_alone(served: Served) -> None:
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(served.path.parent.stat().st_mode) == 0o700


async def test_it_answers_as_the_engine_itself(served: Served) -> None:
    client = await UnixSocketClient.connect(str(served.path))
    assert (await client.snapshot())[1] == (await served.local.snapshot())[1]
    assert list(await client.orders()) == list(await served.local.orders())
    assert list(await client.fills()) == list(await served.local.fills())
    assert list(await client.events(limit=5)) == list(await served.local.events(limit=5))
    assert (await client.fills())[0].price == Decimal(2388)
    outcome = await client.execute(PauseBot("grid"))
    assert outcome.result is Result.DONE
    await client.close()


async def test_an_update_waits_for_news_and_other_calls_go_on(served: Served) -> None:
    client = await UnixSocketClient.connect(str(served.path))
    first = await client.updates(0, focus="grid")
    assert first.complete
    assert first.detail is not None
    waiting = asyncio.create_task(client.updates(first.revision, focus="grid"))
    await client.snapshot()
    assert not waiting.done()
    await served.world.tick("2387")
    second = await waiting
    assert [bot.price for bot in second.bots] == [Decimal(2387)]
    assert second.revision > first.revision
    await client.close()


async def test_garbage_is_answered_and_harms_nobody(served: Served) -> None:
    reader, writer = await asyncio.open_unix_connection(str(served.path))
    writer.write(b"\x00garbage\n{}\n")
    await writer.drain()
    assert b"that is no request" in await reader.readline()
    writer.close()
    client = await UnixSocketClient.connect(str(served.path))
    assert (await client.snapshot())[0].name == "test"
    await client.close()


async def test_an_engine_that_goes_away_is_said_so(served: Served) -> None:
    client = await UnixSocketClient.connect(str(served.path))
    waiting = asyncio.create_task(client.updates(10_000))
    await asyncio.sleep(0)
    await client.snapshot()
    await served.server.close()
    with pytest.raises(EngineEnded, match="the engine has gone"):
        await waiting
    with pytest.raises(EngineUnreachable, match="no engine answers"):
        await UnixSocketClient.connect(str(served.path))
    await client.close()


async def test_a_second_server_and_a_long_path_are_refused(served: Served) -> None:
    with pytest.raises(NimbusError, match="already"):
        await UnixSocketServer(served.local, str(served.path)).start()
    with pytest.raises(NimbusError, match="longer than"):
        await UnixSocketServer(served.local, "/tmp/" + "x" * 120).start()


async def test_a_fault_in_the_engine_is_an_answer_and_no_silence(served: Served) -> None:
    client = await UnixSocketClient.connect(str(served.path))

    async def broken() -> None:
        raise RuntimeError("a bug")

    served.local.snapshot = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(EngineUnreachable, match="RuntimeError: a bug"):
        await asyncio.wait_for(client.snapshot(), 5)
    assert len(await client.orders()) == 6
    await client.close()


async def test_a_client_can_not_keep_the_engine_reading(served: Served) -> None:
    client = await UnixSocketClient.connect(str(served.path))
    assert list(await client.events(limit=-1)) == []
    assert len(await client.events(limit=10**12)) > 10
    await client.close()


async def test_two_screens_at_one_revision_both_hear_what_came_after_it_and_nothing_twice(
    served: Served,
) -> None:
    first = await served.local.updates(0)
    await served.world.tick("2376")
    one = await served.local.updates(first.revision)
    two = await served.local.updates(first.revision)
    assert one.events == two.events
    assert one.events
    assert one.events[0].seq == first.engine.seq + 1


async def test_an_engine_that_ends_tells_its_clients_why(served: Served) -> None:
    client = await UnixSocketClient.connect(str(served.path))
    waiting = asyncio.create_task(client.updates(10_000))
    await client.snapshot()
    await served.server.close("it has failed: the disk is full")
    with pytest.raises(EngineEnded, match="the disk is full"):
        await waiting
    with pytest.raises(EngineEnded, match="the disk is full"):
        await client.snapshot()
    await client.close()


async def test_a_client_finds_an_engine_that_came_back(served: Served) -> None:
    client = await UnixSocketClient.connect(str(served.path))
    await served.server.close()
    with pytest.raises(EngineEnded, match="killed, or crashed"):
        await client.snapshot()
    again = UnixSocketServer(served.local, str(served.path))
    await again.start()
    assert (await client.snapshot())[0].name == "test"
    await client.close()
    with pytest.raises(EngineUnreachable, match="closed"):
        await client.snapshot()
    await again.close()


async def test_a_socket_that_somebody_removed_is_put_back_and_clients_stay(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_server, "LOOK_S", 0.02)
    path = served.path.with_name("short.sock")
    server = UnixSocketServer(served.local, str(path))
    await server.start()
    client = await UnixSocketClient.connect(str(path))
    path.unlink()
    async with asyncio.timeout(5):
        while not path.exists():  # noqa: ASYNC110 - a file tells nobody that it is there
            await asyncio.sleep(0.01)
    other = await UnixSocketClient.connect(str(path))
    assert (await other.snapshot())[0] == (await client.snapshot())[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for one in (other, client):
        await one.close()
    await server.close()
    assert not path.exists()


async def test_a_socket_of_another_user_is_not_believed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with pytest.raises(EngineUnreachable, match="not to you: look at it as that user"):
        await UnixSocketClient.connect(str(served.path))
    with pytest.raises(EngineUnreachable, match="who answers"):
        _, writer = await asyncio.open_unix_connection(str(served.path))
        try:
            refuse_foreign_listener(str(served.path), writer.get_extra_info("socket"))
        finally:
            writer.close()


async def test_a_file_that_is_no_socket_is_no_engine(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(EngineUnreachable, match="is no socket"):
        await UnixSocketClient.connect(str(tmp_path / "plain"))
